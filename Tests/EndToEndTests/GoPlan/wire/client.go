package wire

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"nhooyr.io/websocket"
	"nhooyr.io/websocket/wsjson"
)

type publishRequest struct {
	Topic   string      `json:"topic"`
	Payload interface{} `json:"payload"`
}

type subscribeRequest struct {
	Topic string `json:"topic"`
}

type barrierRequest struct {
	State  string `json:"state"`
	Target int    `json:"target"`
}

type signalRequest struct {
	State string `json:"state"`
}

// request carries a null for every part it has not.
type request struct {
	ID        string            `json:"id"`
	IsCancel  bool              `json:"is_cancel"`
	Publish   *publishRequest   `json:"publish"`
	Subscribe *subscribeRequest `json:"subscribe"`
	Barrier   *barrierRequest   `json:"barrier"`
	Signal    *signalRequest    `json:"signal_entry"`
}

type sequence struct {
	Seq int `json:"seq"`
}

// response is read as strictly as the strictest SDK reads it: a missing part is an error.
type response struct {
	ID        string    `json:"id"`
	Error     *string   `json:"error"`
	Publish   *sequence `json:"publish"`
	Subscribe *string   `json:"subscribe"`
	Signal    *sequence `json:"signal_entry"`
}

// Client is a connection to the sync service. The library's default limit of 32 KiB a message stands.
type Client struct {
	env    *Environment
	conn   *websocket.Conn
	ctx    context.Context
	cancel context.CancelFunc
	mutex  sync.Mutex
	next   int
	waits  map[string]chan response
	done   chan struct{}
}

// Dial connects, offering compression.
func Dial(env *Environment) (*Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	conn, _, err := websocket.Dial(ctx, env.SyncAddress, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	client := &Client{
		env: env, conn: conn, ctx: ctx, cancel: cancel, waits: map[string]chan response{},
		done: make(chan struct{}),
	}
	go client.read()
	return client, nil
}

func (c *Client) read() {
	defer close(c.done)
	for {
		var answer response
		if err := wsjson.Read(c.ctx, c.conn, &answer); err != nil {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			for _, wait := range c.waits {
				close(wait)
			}
			c.waits = nil
			return
		}
		c.mutex.Lock()
		wait := c.waits[answer.ID]
		c.mutex.Unlock()
		if wait != nil {
			wait <- answer
		}
	}
}

func (c *Client) send(message request) (chan response, error) {
	c.mutex.Lock()
	message.ID = strconv.Itoa(c.next)
	c.next++
	wait := make(chan response, 1)
	if c.waits == nil {
		c.mutex.Unlock()
		return nil, errors.New("the connection is lost")
	}
	c.waits[message.ID] = wait
	c.mutex.Unlock()
	return wait, wsjson.Write(c.ctx, c.conn, message)
}

func (c *Client) ask(message request) (response, error) {
	wait, err := c.send(message)
	if err != nil {
		return response{}, err
	}
	answer, ok := <-wait
	switch {
	case !ok:
		return response{}, errors.New("the connection is lost")
	case answer.Error == nil || answer.Subscribe == nil:
		return response{}, errors.New("an answer lacks error or subscribe")
	case *answer.Error != "":
		return response{}, errors.New(*answer.Error)
	}
	return answer, nil
}

func number(part *sequence, err error) (int, error) {
	if err == nil && part == nil {
		err = errors.New("an answer lacks its sequence number")
	}
	if err != nil {
		return 0, err
	}
	return part.Seq, nil
}

// Signal enters a state.
func (c *Client) Signal(state string) (int, error) {
	answer, err := c.ask(request{Signal: &signalRequest{State: c.env.Key("states:" + state)}})
	return number(answer.Signal, err)
}

// Barrier waits until the state has been entered that often.
func (c *Client) Barrier(state string, target int) error {
	_, err := c.ask(request{Barrier: &barrierRequest{State: c.env.Key("states:" + state), Target: target}})
	return err
}

// Publish appends to a topic.
func (c *Client) Publish(topic string, payload interface{}) (int, error) {
	answer, err := c.ask(request{Publish: &publishRequest{Topic: c.env.Key("topics:" + topic), Payload: payload}})
	return number(answer.Publish, err)
}

// PublishEvent appends to the run's events.
func (c *Client) PublishEvent(event interface{}) (int, error) {
	answer, err := c.ask(request{Publish: &publishRequest{Topic: c.env.Key("run_events"), Payload: event}})
	return number(answer.Publish, err)
}

// Subscribe answers the topic's entries as JSON texts.
func (c *Client) Subscribe(topic string) (<-chan string, error) {
	wait, err := c.send(request{Subscribe: &subscribeRequest{Topic: c.env.Key("topics:" + topic)}})
	if err != nil {
		return nil, err
	}
	entries := make(chan string, 1024)
	go func() {
		defer close(entries)
		for answer := range wait {
			entries <- *answer.Subscribe
		}
	}()
	return entries, nil
}

// Close closes the connection and waits for the service to close it too.
func (c *Client) Close() error {
	err := c.conn.Close(websocket.StatusNormalClosure, "")
	<-c.done
	c.cancel()
	return err
}
