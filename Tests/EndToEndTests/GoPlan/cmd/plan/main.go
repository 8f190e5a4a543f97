// A plan that speaks to the platform exactly as the Go SDK does: its log goes to stdout and run.out, its stderr
// through a pipe into run.err and on, its sync messages through nhooyr.io/websocket's writer.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"strings"

	"example.com/wire"
)

func main() {
	// Before the SDK takes over stderr.
	log.Print("said before the start")
	env, err := wire.ParseEnvironment(os.Environ())
	if err != nil {
		log.Fatal(err)
	}
	record, err := wire.OpenRecord(env)
	if err != nil {
		log.Fatal(err)
	}
	record.Event("start_event", map[string]interface{}{"runenv": env.Runenv()})
	restore, err := record.TakeStderr()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stderr, "said through the pipe")
	if err := exchange(env, record); err != nil {
		record.Event("failure_event", map[string]interface{}{"group": env.Group, "error": err.Error()})
		restore()
		os.Exit(1)
	}
	record.Event("success_event", map[string]interface{}{"group": env.Group})
	restore()
}

// exchange has all instances meet, tell each other something long and hear all of it in one order.
func exchange(env *wire.Environment, record *wire.Record) error {
	if wanted := env.Params["flavour"]; wanted != flavour {
		return fmt.Errorf("built as %q, expected %q", flavour, wanted)
	}
	size, err := strconv.Atoi(env.Params["payload_bytes"])
	if err != nil {
		return err
	}
	client, err := wire.Dial(env)
	if err != nil {
		return err
	}
	if _, err := client.PublishEvent(map[string]interface{}{
		"stage_start_event": map[string]string{"name": "exchange", "group": env.Group}}); err != nil {
		return err
	}
	global, err := client.Signal("initialized_global")
	if err != nil {
		return err
	}
	if _, err := client.Signal("initialized_group_" + env.Group); err != nil {
		return err
	}
	if global < 1 || global > env.Instances {
		return fmt.Errorf("global sequence number %d of %d", global, env.Instances)
	}
	record.Event("message_event", map[string]interface{}{
		"message": fmt.Sprintf("claimed sequence numbers; global=%d", global)})
	if err := client.Barrier("initialized_global", env.Instances); err != nil {
		return err
	}
	entries, err := client.Subscribe("words")
	if err != nil {
		return err
	}
	word := fmt.Sprintf("%d:%s", global, strings.Repeat("w", size))
	if _, err := client.Publish("words", map[string]string{"word": word}); err != nil {
		return err
	}
	heard := map[string]bool{}
	for len(heard) < env.Instances {
		text, ok := <-entries
		if !ok {
			return fmt.Errorf("the subscription ended after %d entries", len(heard))
		}
		var entry struct {
			Word string `json:"word"`
		}
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			return err
		}
		heard[strings.SplitN(entry.Word, ":", 2)[0]] = true
	}
	if _, err := client.Publish("words", map[string]string{"word": strings.Repeat("w", 40000)}); err == nil {
		return fmt.Errorf("an entry that no Go client could read was accepted")
	}
	if err := record.Metric("results.out", "heard,kind=words", float64(len(heard))); err != nil {
		return err
	}
	if _, err := client.Signal("done"); err != nil {
		return err
	}
	if err := client.Barrier("done", env.Instances); err != nil {
		return err
	}
	return client.Close()
}
