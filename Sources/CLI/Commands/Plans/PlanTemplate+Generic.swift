// The shell template: the contract by hand, to read and to grow from.

extension PlanTemplate {
    static func generic(_ values: Values) -> [File] {
        [
            manifest(
                values, builder: "exec:generic",
                builderTable: """
                    # A command run in the plan's directory before each run, and the executable that it makes.
                    build = "chmod +x plan.sh"
                    artifact = "plan.sh"

                    """),
            File(path: "plan.sh", text: script, isExecutable: true),
            readme(values, how: "`plan.sh` is the instance: any language can take its place."),
        ]
    }

    private static let script = #"""
        #!/bin/sh
        # One instance. It learns everything from its environment and reports events as JSON lines on
        # stdout; what it leaves in $TEST_OUTPUTS_PATH is collected.
        set -eu

        emit() {
            line=$(printf '{"ts":%s,"msg":"","group_id":"%s","run_id":"%s","event":%s}' \
                "$(date +%s%N)" "$TEST_GROUP_ID" "$TEST_RUN" "$1")
            printf '%s\n' "$line"
            printf '%s\n' "$line" >> "$TEST_OUTPUTS_PATH/run.out"
        }

        parameter() { # parameter NAME: its value out of "a=1|b=2"
            printf '%s' "$TEST_INSTANCE_PARAMS" | tr '|' '\n' | sed -n "s/^$1=//p"
        }

        quickstart() {
            message="$(parameter greeting) from one of $TEST_INSTANCE_COUNT"
            emit "{\"message_event\":{\"message\":\"$message\"}}"
            echo "anything an instance leaves here is collected" > "$TEST_OUTPUTS_PATH/note.txt"
        }

        case "$TEST_CASE" in
            quickstart) quickstart ;;
            *)
                error="no test case $TEST_CASE"
                emit "{\"failure_event\":{\"group\":\"$TEST_GROUP_ID\",\"error\":\"$error\"}}"
                exit 1
                ;;
        esac
        emit "{\"success_event\":{\"group\":\"$TEST_GROUP_ID\"}}"

        """#

    /// How to go on, for every template.
    static func readme(_ values: Values, how: String) -> File {
        File(
            path: "README.md",
            text: """
                # \(values.shortName)

                \(how)

                    testground run single --plan \(Wording.shellWord(values.plan)) --testcase quickstart -i 5
                    testground run single --plan \(Wording.shellWord(values.plan)) --tp greeting=hi
                    testground describe --plan \(Wording.shellWord(values.plan))

                """)
    }
}
