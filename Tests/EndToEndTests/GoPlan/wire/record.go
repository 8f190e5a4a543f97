package wire

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Record is an instance's log: each line goes to stdout and to run.out.
type Record struct {
	env *Environment
	out io.Writer
}

// OpenRecord opens run.out for appending, as zap does.
func OpenRecord(env *Environment) (*Record, error) {
	path := filepath.Join(env.Outputs, "run.out")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0644)
	if err != nil {
		return nil, err
	}
	return &Record{env: env, out: io.MultiWriter(os.Stdout, file)}, nil
}

type line struct {
	Time    int64                  `json:"ts"`
	Message string                 `json:"msg"`
	Group   string                 `json:"group_id"`
	Run     string                 `json:"run_id"`
	Event   map[string]interface{} `json:"event"`
}

// Event writes the line of one event.
func (r *Record) Event(kind string, content map[string]interface{}) {
	text, err := json.Marshal(line{
		Time: time.Now().UnixNano(), Group: r.env.Group, Run: r.env.Run,
		Event: map[string]interface{}{kind: content},
	})
	if err != nil {
		panic(err)
	}
	// One write a line.
	_, _ = r.out.Write(append(text, '\n'))
}

// TakeStderr makes run.err anew and has what is written to os.Stderr go there and to the real one.
func (r *Record) TakeStderr() (restore func(), err error) {
	file, err := os.Create(filepath.Join(r.env.Outputs, "run.err"))
	if err != nil {
		return nil, err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	real := os.Stderr
	os.Stderr = writer
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.MultiWriter(file, real), reader)
	}()
	return func() {
		os.Stderr = real
		_ = writer.Close()
		<-done
		_ = file.Close()
	}, nil
}

// Metric appends a point to one of the metrics files.
func (r *Record) Metric(file, name string, value float64) error {
	out, err := os.Create(filepath.Join(r.env.Outputs, file))
	if err != nil {
		return err
	}
	defer out.Close()
	return json.NewEncoder(out).Encode(map[string]interface{}{
		"ts": time.Now().UnixNano(), "type": "point", "name": name,
		"measures": map[string]float64{"value": value},
	})
}
