#!/bin/sh
# A test plan in POSIX shell that speaks the contract by hand, to show how little a plan needs: variables
# in, JSON lines out. Only the case `sync` wants bash, for its /dev/tcp.
set -eu

# --- Events: one JSON object a line, on stdout and in run.out -------------------------------------

# Nanoseconds of Unix time; whole seconds where date(1) knows no %N.
now() {
    ns=$(date +%s%N)
    case $ns in *[!0-9]*) ns=$(date +%s)000000000 ;; esac
    echo "$ns"
}

# A text as the inside of a JSON string. Control characters other than newline become spaces.
json() {
    printf '%s' "$1" | tr '\001-\011\013-\037' ' ' | sed 's/[\\"]/\\&/g' |
        awk 'BEGIN { ORS = "" } { print (NR > 1 ? "\\n" : "") $0 }'
}

group=$(json "$TEST_GROUP_ID")
run=$(json "$TEST_RUN")

event() {
    line="{\"ts\":$(now),\"msg\":\"\",\"group_id\":\"$group\",\"run_id\":\"$run\",\"event\":$1}"
    printf '%s\n' "$line"
    printf '%s\n' "$line" >>"$TEST_OUTPUTS_PATH/run.out"
}

message() { event "{\"message_event\":{\"message\":\"$(json "$1")\"}}"; }
success() { event "{\"success_event\":{\"group\":\"$group\"}}"; }

failure() {
    event "{\"failure_event\":{\"group\":\"$group\",\"error\":\"$(json "$1")\"}}"
    exit 1
}

start() {
    runenv="\"plan\":\"$(json "$TEST_PLAN")\",\"case\":\"$(json "$TEST_CASE")\",\"run\":\"$run\""
    runenv="$runenv,\"instances\":$TEST_INSTANCE_COUNT,\"group\":\"$group\""
    event "{\"start_event\":{\"runenv\":{$runenv}}}"
}

# point NAME VALUE: a result
point() {
    printf '{"ts":%s,"type":"point","name":"%s","measures":{"value":%s}}\n' "$(now)" "$(json "$1")" "$2" \
        >>"$TEST_OUTPUTS_PATH/results.out"
}

# --- Parameters: TEST_INSTANCE_PARAMS is k=v|k=v --------------------------------------------------

# param NAME
param() { printf '%s' "${TEST_INSTANCE_PARAMS:-}" | tr '|' '\n' | sed -n "s/^$1=//p" | head -n 1; }

# --- The sync service: a WebSocket on file descriptor 3, one request at a time --------------------

# send_frame FIRST PAYLOAD: sends a frame: its first byte (given in octal), the length, a mask of zeros
# (which is a mask, and leaves the payload as it is), the payload.
send_frame() {
    length=$(printf '%s' "$2" | wc -c)
    if [ "$length" -lt 126 ]; then
        lengths=$(printf '\\%03o' $((128 + length)))
    else
        lengths=$(printf '\\376\\%03o\\%03o' $((length / 256)) $((length % 256)))
    fi
    printf "\\$1$lengths\\000\\000\\000\\000" >&3
    printf '%s' "$2" >&3
}

# These set variables instead of printing, so that a failure's event goes to stdout and ends the plan.

# Sets `value` to one byte from the server as a number.
receive_byte() {
    value=$(dd bs=1 count=1 <&3 2>/dev/null | od -An -tu1 | tr -d ' ')
    [ -n "$value" ] || failure "the sync service closed the connection"
}

# Sets `payload` to that of the next text frame; pings are answered on the way.
receive_frame() {
    while :; do
        receive_byte
        first=$value
        receive_byte
        length=$value
        if [ "$length" -eq 126 ]; then
            receive_byte
            length=$((value * 256))
            receive_byte
            length=$((length + value))
        fi
        payload=$(dd bs=1 count="$length" <&3 2>/dev/null)
        case $first in
        129) return ;;
        137) send_frame 212 "$payload" ;;
        136) failure "the sync service closed the connection" ;;
        esac
    done
}

connect() {
    host=${SYNC_SERVICE_HOST:-testground-sync-service}
    port=${SYNC_SERVICE_PORT:-5050}
    exec 3<>"/dev/tcp/$host/$port" || failure "the sync service at $host:$port cannot be reached"
    printf 'GET / HTTP/1.1\r\nHost: %s:%s\r\n' "$host" "$port" >&3
    printf 'Upgrade: websocket\r\nConnection: Upgrade\r\n' >&3
    printf 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGVzdGdyb3VuZC1zaGVsbA==\r\n\r\n' >&3
    head=
    while :; do
        IFS= read -r line <&3 || failure "the sync service does not speak WebSocket"
        [ "$line" != "$(printf '\r')" ] || break
        head=$head$line
    done
    case $head in "HTTP/1.1 101"*) ;; *) failure "the sync service does not speak WebSocket: $head" ;; esac
}

state() { json "run:$TEST_RUN:plan:$TEST_PLAN:case:$TEST_CASE:states:$1"; }

# request ID REQUEST: sends it and sets `response`
request() {
    send_frame 201 "{\"id\":\"$1\",\"is_cancel\":false,$2}"
    receive_frame
    response=$payload
    case $response in *'"error":""'*) ;; *) failure "the sync service refused $2: $response" ;; esac
}

# signal ID STATE: sets `count`, the state's new count
signal() {
    request "$1" "\"signal_entry\":{\"state\":\"$(state "$2")\"}"
    count=$(printf '%s' "$response" | sed -n 's/.*"signal_entry":{"seq":\([0-9]*\).*/\1/p')
}

# barrier ID STATE TARGET
barrier() { request "$1" "\"barrier\":{\"state\":\"$(state "$2")\",\"target\":$3}"; }

# --- Test cases -----------------------------------------------------------------------------------

test_ok() { message "instance of group $TEST_GROUP_ID, one of $TEST_INSTANCE_COUNT"; }

test_params() {
    greeting=$(param greeting)
    times=$(param times)
    case $times in '' | *[!0-9]*) failure "the parameter times is \"$times\": give a whole number" ;; esac
    i=0
    while [ "$i" -lt "$times" ]; do
        message "$greeting"
        i=$((i + 1))
    done
    point greetings "$times"
}

test_failure() { failure "this case always fails"; }

test_sync() {
    connect
    # Where the platform controls the network, it says when the network is ready.
    if [ "${TEST_SIDECAR:-false}" = true ]; then barrier 0 network-initialized "$TEST_INSTANCE_COUNT"; fi
    signal 1 ready
    message "number $count of $TEST_INSTANCE_COUNT is ready"
    point sequence "$count"
    barrier 2 ready "$TEST_INSTANCE_COUNT"
    message "all are ready"
}

# /dev/tcp is bash's.
if [ "$TEST_CASE" = sync ] && [ -z "${BASH_VERSION:-}" ]; then
    if command -v bash >/dev/null; then exec bash "$0" "$@"; fi
    failure "the case sync needs bash, and this machine has none"
fi

start
case $TEST_CASE in
ok | params | failure | sync) "test_$TEST_CASE" ;;
*) failure "the plan has no case \"$TEST_CASE\"" ;;
esac
success
