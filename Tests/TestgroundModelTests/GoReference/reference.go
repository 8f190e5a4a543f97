// Renders every row of a conformance table with Go's own text/template, for the Swift tests to compare with.
//
//	go run reference.go table.json results.json
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"text/template"
)

// table holds the rows and the data of those that bring none.
type table struct {
	Data json.RawMessage `json:"data"`
	Rows []row           `json:"rows"`
}

type row struct {
	Template    string            `json:"template"`
	Data        json.RawMessage   `json:"data"`
	Environment map[string]string `json:"environment"`
}

type result struct {
	Output string `json:"output"`
	Error  string `json:"error,omitempty"`
}

type report struct {
	Version string   `json:"version"`
	Results []result `json:"results"`
}

// compositionData is what upstream gives to a composition.
type compositionData struct {
	Env map[string]string
}

// value turns numbers into int or float64 by how they are written.
func value(v any) any {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64()
			return f
		}
		i, _ := v.Int64()
		return int(i)
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = value(e)
		}
		return list
	case map[string]any:
		for k, e := range v {
			v[k] = value(e)
		}
		return v
	}
	return v
}

func (r row) data() (any, error) {
	if r.Environment != nil {
		return compositionData{Env: r.Environment}, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(r.Data))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, err
	}
	return value(v), nil
}

func (r row) render() (string, error) {
	data, err := r.data()
	if err != nil {
		return "", err
	}
	functions := template.FuncMap{
		"split": func(s string) []any {
			var parts []any
			for _, part := range strings.Split(s, ",") {
				parts = append(parts, part)
			}
			return parts
		},
		"atoi": strconv.Atoi,
		"pick": func(m map[string]any, key string) map[string]any { return map[string]any{key: m[key]} },
		"withEnv": func(m map[string]any) map[string]any {
			extended := map[string]any{"Env": r.Environment}
			for k, v := range m {
				if k != "Env" {
					extended[k] = v
				}
			}
			return extended
		},
		"fail": func() (any, error) { return nil, errors.New("on purpose") },
	}
	parsed, err := template.New("composition").Funcs(functions).Parse(r.Template)
	if err != nil {
		return "", err
	}
	var output bytes.Buffer
	err = parsed.Execute(&output, data)
	return output.String(), err
}

func run(tableFile, resultsFile string) error {
	text, err := os.ReadFile(tableFile)
	if err != nil {
		return err
	}
	var table table
	if err := json.Unmarshal(text, &table); err != nil {
		return err
	}
	report := report{Version: runtime.Version()}
	for _, row := range table.Rows {
		if row.Data == nil {
			row.Data = table.Data
		}
		output, err := row.render()
		if err != nil {
			report.Results = append(report.Results, result{Error: err.Error()})
		} else {
			report.Results = append(report.Results, result{Output: output})
		}
	}
	text, err = json.Marshal(report)
	if err != nil {
		return err
	}
	return os.WriteFile(resultsFile, text, 0o644)
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
