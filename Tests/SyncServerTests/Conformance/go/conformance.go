// The conformance suite of the sync service on nhooyr.io/websocket, the library of the Go SDK: messages written through
// Writer go out as a text frame without FIN and an empty continuation, compression is offered, and reading stops at the
// library's default of 32768 bytes a message.
//
// usage: conformance URL SCENARIOS; one line per scenario, exit status 1 when one failed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"nhooyr.io/websocket"
)

type step struct {
	Op      string
	Client  int
	State   string
	Topic   string
	As      string
	Payload *string
	Fill    int
	Target  int
	Expect  int
	Count   int
	Entries []string
}

type sequence struct {
	Seq int `json:"seq"`
}

type response struct {
	ID          string    `json:"id"`
	Error       string    `json:"error"`
	Publish     *sequence `json:"publish"`
	Subscribe   string    `json:"subscribe"`
	SignalEntry *sequence `json:"signal_entry"`
}

type client struct {
	conn    *websocket.Conn
	ctx     context.Context
	nextID  int
	answers map[string][]response
	waits   map[string]string
}

func (c *client) write(text string) error {
	w, err := c.conn.Writer(c.ctx, websocket.MessageText)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	return w.Close()
}

func (c *client) send(body string) (string, error) {
	c.nextID++
	id := fmt.Sprint(c.nextID)
	return id, c.write(fmt.Sprintf(`{"id":"%s",%s}`, id, body))
}

// answer returns the next answer to this id; others are kept.
func (c *client) answer(id string) (response, error) {
	for len(c.answers[id]) == 0 {
		kind, data, err := c.conn.Read(c.ctx)
		if err != nil {
			return response{}, err
		}
		if kind != websocket.MessageText {
			return response{}, fmt.Errorf("a reply that is no text")
		}
		var r response
		if err := json.Unmarshal(data, &r); err != nil {
			return response{}, err
		}
		c.answers[r.ID] = append(c.answers[r.ID], r)
	}
	first := c.answers[id][0]
	c.answers[id] = c.answers[id][1:]
	return first, nil
}

func (c *client) ask(body string) (response, error) {
	id, err := c.send(body)
	if err != nil {
		return response{}, err
	}
	return c.answer(id)
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func payload(s step) string {
	if s.Payload != nil {
		return *s.Payload
	}
	return `"` + strings.Repeat("x", s.Fill-4) + `"`
}

func count(r response, err error, of func(response) *sequence, want int) error {
	if err != nil {
		return err
	}
	if r.Error != "" || of(r) == nil || of(r).Seq != want {
		return fmt.Errorf("wanted %d, got %+v", want, r)
	}
	return nil
}

func published(r response) *sequence { return r.Publish }
func signalled(r response) *sequence { return r.SignalEntry }

func (c *client) many(n int, of func(response) *sequence, body func(int) string) error {
	ids := []string{}
	for i := 0; i < n; i++ {
		id, err := c.send(body(i))
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	for i, id := range ids {
		r, err := c.answer(id)
		if err := count(r, err, of, i+1); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) settle(prefix string) error {
	_, err := c.ask(fmt.Sprintf(`"signal_entry":{"state":%s}`, quoted(prefix+"scratch")))
	return err
}

func run(c *client, prefix string, s step) (err error) {
	state, topic := quoted(prefix+s.State), quoted(prefix+s.Topic)
	wait := c.waits[s.As]
	switch s.Op {
	case "signal":
		r, err := c.ask(fmt.Sprintf(`"signal_entry":{"state":%s}`, state))
		return count(r, err, signalled, s.Expect)
	case "pipeline":
		return c.many(s.Count, signalled, func(int) string {
			return fmt.Sprintf(`"signal_entry":{"state":%s}`, state)
		})
	case "publish":
		r, err := c.ask(fmt.Sprintf(`"publish":{"topic":%s,"payload":%s}`, topic, payload(s)))
		return count(r, err, published, s.Expect)
	case "refused":
		r, err := c.ask(fmt.Sprintf(`"publish":{"topic":%s,"payload":%s}`, topic, payload(s)))
		if err == nil && !strings.Contains(r.Error, "limit") {
			err = fmt.Errorf("wanted a refusal, got %+v", r)
		}
		return err
	case "flood":
		return c.many(s.Count, published, func(i int) string {
			return fmt.Sprintf(`"publish":{"topic":%s,"payload":%d}`, topic, i)
		})
	case "subscribe":
		c.waits[s.As], err = c.send(fmt.Sprintf(`"subscribe":{"topic":%s}`, topic))
		return err
	case "receive":
		entries := s.Entries
		if s.Fill > 0 {
			entries = append([]string{payload(s)}, entries...)
		}
		for _, entry := range entries {
			r, err := c.answer(wait)
			if err != nil {
				return err
			}
			if r.Error != "" || r.Subscribe != entry {
				return fmt.Errorf("wanted %.80s, got %.80s", entry, fmt.Sprint(r))
			}
		}
		return nil
	case "drain":
		for i := 0; i < s.Count; i++ {
			r, err := c.answer(wait)
			if err != nil {
				return err
			}
			if r.Subscribe != fmt.Sprint(i) {
				return fmt.Errorf("wanted entry %d, got %+v", i, r)
			}
		}
		return nil
	case "barrier":
		c.waits[s.As], err = c.send(fmt.Sprintf(`"barrier":{"state":%s,"target":%d}`, state, s.Target))
		return err
	case "met":
		r, err := c.answer(wait)
		if err == nil && (r.Error != "" || r.Publish != nil || r.SignalEntry != nil || r.Subscribe != "") {
			err = fmt.Errorf("wanted an empty answer, got %+v", r)
		}
		return err
	case "cancel":
		return c.write(fmt.Sprintf(`{"id":"%s","is_cancel":true}`, wait))
	case "waiting":
		if err := c.settle(prefix); err != nil {
			return err
		}
		if len(c.answers[wait]) > 0 {
			return fmt.Errorf("%s was answered: %+v", s.As, c.answers[wait])
		}
		return nil
	case "settle":
		return c.settle(prefix)
	}
	return fmt.Errorf("unknown step %s", s.Op)
}

func scenario(ctx context.Context, url, prefix string, steps []step) error {
	clients := []*client{}
	for i := 0; i < 2; i++ {
		conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
			CompressionMode: websocket.CompressionContextTakeover,
		})
		if err != nil {
			return err
		}
		defer conn.Close(websocket.StatusInternalError, "")
		clients = append(clients, &client{conn, ctx, 0, map[string][]response{}, map[string]string{}})
	}
	for i, s := range steps {
		if err := run(clients[s.Client], prefix, s); err != nil {
			return fmt.Errorf("step %d (%s): %w", i, s.Op, err)
		}
	}
	for _, c := range clients {
		if err := c.conn.Close(websocket.StatusNormalClosure, ""); err != nil {
			return fmt.Errorf("closing: %w", err)
		}
	}
	return nil
}

func main() {
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	scenarios := []struct {
		Name  string
		Steps []step
	}{}
	if err := json.Unmarshal(text, &scenarios); err != nil {
		panic(err)
	}
	status := 0
	for i, s := range scenarios {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		if err := scenario(ctx, os.Args[1], fmt.Sprintf("%d:", i), s.Steps); err != nil {
			status = 1
			fmt.Println("not ok", s.Name, ":", err)
		} else {
			fmt.Println("ok", s.Name)
		}
		cancel()
	}
	os.Exit(status)
}
