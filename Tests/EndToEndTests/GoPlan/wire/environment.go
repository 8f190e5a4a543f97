// Package wire speaks to the platform as the SDKs do.
package wire

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Environment is what an instance is told.
type Environment struct {
	Plan, Case, Run, Group string
	Instances, GroupSize   int
	Outputs                string
	Subnet                 string
	Sidecar                bool
	Params                 map[string]string
	SyncAddress            string
}

// required are the variables without one of which some SDK does not start, be it with an empty value.
var required = []string{
	"TEST_PLAN", "TEST_CASE", "TEST_RUN", "TEST_REPO", "TEST_BRANCH", "TEST_TAG", "TEST_OUTPUTS_PATH",
	"TEST_TEMP_PATH", "TEST_INSTANCE_COUNT", "TEST_INSTANCE_ROLE", "TEST_INSTANCE_PARAMS", "TEST_SIDECAR",
	"TEST_SUBNET", "TEST_START_TIME", "TEST_CAPTURE_PROFILES", "TEST_GROUP_INSTANCE_COUNT", "TEST_GROUP_ID",
	"TEST_DISABLE_METRICS", "HOSTNAME", "INFLUXDB_URL", "REDIS_HOST",
}

// ParseEnvironment is as strict as the strictest SDK with each variable.
func ParseEnvironment(environ []string) (*Environment, error) {
	values := map[string]string{}
	for _, pair := range environ {
		parts := strings.SplitN(pair, "=", 2)
		if len(parts) < 2 {
			return nil, fmt.Errorf("the variable %q has no =", pair)
		}
		values[parts[0]] = parts[1]
	}
	for _, name := range required {
		if _, ok := values[name]; !ok {
			return nil, fmt.Errorf("%s is not set", name)
		}
	}
	env := &Environment{
		Plan: values["TEST_PLAN"], Case: values["TEST_CASE"], Run: values["TEST_RUN"],
		Group: values["TEST_GROUP_ID"], Outputs: values["TEST_OUTPUTS_PATH"], Subnet: values["TEST_SUBNET"],
		Params: map[string]string{},
	}
	var err error
	if env.Instances, err = strconv.Atoi(values["TEST_INSTANCE_COUNT"]); err != nil {
		return nil, err
	}
	if env.GroupSize, err = strconv.Atoi(values["TEST_GROUP_INSTANCE_COUNT"]); err != nil {
		return nil, err
	}
	if env.Sidecar, err = strconv.ParseBool(values["TEST_SIDECAR"]); err != nil {
		return nil, err
	}
	if _, err = strconv.ParseBool(values["TEST_DISABLE_METRICS"]); err != nil {
		return nil, err
	}
	if _, _, err = net.ParseCIDR(env.Subnet); err != nil {
		return nil, err
	}
	if _, err = time.Parse(time.RFC3339, values["TEST_START_TIME"]); err != nil {
		return nil, err
	}
	// The Go SDK asks the kernel, the Rust and Nim SDKs the variable: both name the topic of network requests.
	if name, err := os.Hostname(); err != nil || name != values["HOSTNAME"] {
		return nil, fmt.Errorf("HOSTNAME is %q, the hostname %q", values["HOSTNAME"], name)
	}
	for _, directory := range []string{env.Outputs, values["TEST_TEMP_PATH"]} {
		if info, err := os.Stat(directory); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("%s is no directory", directory)
		}
	}
	for _, pair := range strings.Split(values["TEST_INSTANCE_PARAMS"], "|") {
		if parts := strings.Split(pair, "="); len(parts) == 2 {
			env.Params[parts[0]] = parts[1]
		}
	}
	host, port := "testground-sync-service", "5050"
	if value := values["SYNC_SERVICE_HOST"]; value != "" {
		host = value
	}
	if value := values["SYNC_SERVICE_PORT"]; value != "" {
		port = value
	}
	env.SyncAddress = fmt.Sprintf("ws://%s:%s", host, port)
	return env, nil
}

// Runenv is the environment as the start event carries it.
func (e *Environment) Runenv() map[string]interface{} {
	return map[string]interface{}{
		"plan": e.Plan, "case": e.Case, "run": e.Run, "params": e.Params, "instances": e.Instances,
		"outputs_path": e.Outputs, "network": e.Subnet, "group": e.Group, "group_instances": e.GroupSize,
	}
}

// Key qualifies a name of this run.
func (e *Environment) Key(rest string) string {
	return fmt.Sprintf("run:%s:plan:%s:case:%s:%s", e.Run, e.Plan, e.Case, rest)
}
