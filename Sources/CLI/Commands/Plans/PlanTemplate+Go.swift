// The Go template: the standard library alone, so that it builds without a network.

extension PlanTemplate {
    static func go(_ values: Values) -> [File] {
        [
            manifest(values, builder: "exec:go", builderTable: "exec_pkg = \".\"\n"),
            File(
                path: "go.mod",
                text: """
                    module \(values.module ?? "example.com/\(values.shortName)")

                    go 1.19

                    """),
            File(path: "main.go", text: mainGo),
            File(path: ".testgroundignore", text: "/bin/\n"),
            readme(
                values,
                how:
                    "`main.go` is the instance. It needs no module besides Go's own;\nfor barriers, "
                    + "topics and metrics `go get github.com/testground/sdk-go` and\nhand its "
                    + "`run.InvokeMap` your test cases."
            ),
        ]
    }

    private static let mainGo = #"""
        // One instance: it learns everything from its environment and reports events as JSON lines on stdout.
        package main

        import (
        	"encoding/json"
        	"fmt"
        	"os"
        	"path/filepath"
        	"strings"
        	"time"
        )

        var testCases = map[string]func() error{
        	"quickstart": quickstart,
        }

        func quickstart() error {
        	count := os.Getenv("TEST_INSTANCE_COUNT")
        	message := fmt.Sprintf("%s from one of %s", parameter("greeting"), count)
        	emit("message_event", map[string]string{"message": message})
        	note := filepath.Join(os.Getenv("TEST_OUTPUTS_PATH"), "note.txt")
        	return os.WriteFile(note, []byte("anything an instance leaves here is collected\n"), 0o644)
        }

        func main() {
        	group := os.Getenv("TEST_GROUP_ID")
        	run, found := testCases[os.Getenv("TEST_CASE")]
        	err := fmt.Errorf("no test case %q", os.Getenv("TEST_CASE"))
        	if found {
        		err = run()
        	}
        	if err != nil {
        		emit("failure_event", map[string]string{"group": group, "error": err.Error()})
        		os.Exit(1)
        	}
        	emit("success_event", map[string]string{"group": group})
        }

        // parameter reads a value out of "a=1|b=2".
        func parameter(name string) string {
        	for _, pair := range strings.Split(os.Getenv("TEST_INSTANCE_PARAMS"), "|") {
        		if key, value, _ := strings.Cut(pair, "="); key == name {
        			return value
        		}
        	}
        	return ""
        }

        // emit reports an event on stdout and in run.out.
        func emit(kind string, content map[string]string) {
        	line, err := json.Marshal(map[string]interface{}{
        		"ts":       time.Now().UnixNano(),
        		"msg":      "",
        		"group_id": os.Getenv("TEST_GROUP_ID"),
        		"run_id":   os.Getenv("TEST_RUN"),
        		"event":    map[string]interface{}{kind: content},
        	})
        	if err != nil {
        		panic(err)
        	}
        	line = append(line, '\n')
        	os.Stdout.Write(line)
        	path := filepath.Join(os.Getenv("TEST_OUTPUTS_PATH"), "run.out")
        	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
        	if err != nil {
        		panic(err)
        	}
        	defer file.Close()
        	file.Write(line)
        }

        """#
}
