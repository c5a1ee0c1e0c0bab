package diag

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// sarifObjects says what the SARIF 2.1.0 standard allows in the objects that
// are written: each property and the kind of its value, "!" where the standard
// requires it. Kinds: a JSON type, an object of this table, []kind, {}kind for
// a map; "any" for a property bag.
var sarifObjects = map[string]map[string]string{
	"log":              {"$schema": "uri", "version!": "=2.1.0", "runs!": "[]run"},
	"run":              {"tool!": "tool", "invocations": "[]invocation", "originalUriBaseIds": "{}base", "artifacts": "[]artifact", "results": "[]result", "columnKind": "=utf16CodeUnits|unicodeCodePoints", "properties": "any"},
	"tool":             {"driver!": "driver"},
	"driver":           {"name!": "string", "version": "string", "informationUri": "uri", "rules": "[]rule"},
	"rule":             {"id!": "string", "name": "string", "shortDescription": "text", "helpUri": "uri", "help": "text", "defaultConfiguration": "config"},
	"config":           {"level": "=none|note|warning|error"},
	"text":             {"text!": "string", "markdown": "string"},
	"message":          {"text!": "string", "markdown": "string"},
	"base":             {"description": "message"},
	"invocation":       {"executionSuccessful!": "bool", "toolExecutionNotifications": "[]notification"},
	"notification":     {"message!": "message", "level": "=none|note|warning|error", "locations": "[]location"},
	"artifact":         {"location": "artifactLocation", "roles": "[]=analysisTarget"},
	"artifactLocation": {"uri": "uri", "uriBaseId": "string"},
	"result":           {"ruleId": "string", "ruleIndex": "index", "level": "=none|note|warning|error", "message!": "message", "locations": "[]location", "relatedLocations": "[]location", "codeFlows": "[]codeFlow", "partialFingerprints": "{}string", "fixes": "[]fix", "properties": "any"},
	"location":         {"id": "index", "physicalLocation": "physical", "logicalLocations": "[]logical", "message": "message"},
	"physical":         {"artifactLocation": "artifactLocation", "region": "region", "contextRegion": "region"},
	"logical":          {"name": "string", "kind": "string"},
	"region":           {"startLine": "number", "startColumn": "number", "endLine": "number", "endColumn": "number", "snippet": "content"},
	"content":          {"text": "string"},
	"codeFlow":         {"threadFlows!": "[]threadFlow"},
	"threadFlow":       {"locations!": "[]flowLocation"},
	"flowLocation":     {"location": "location", "state": "{}text", "importance": "=important|essential|unimportant"},
	"fix":              {"description": "message", "artifactChanges!": "[]artifactChange"},
	"artifactChange":   {"artifactLocation!": "artifactLocation", "replacements!": "[]replacement"},
	"replacement":      {"deletedRegion!": "region", "insertedContent": "content"},
}

func checkSARIF(t *testing.T, text string) {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	for _, e := range checkSARIFValue("log", "log", v) {
		t.Error(e)
	}
	// What the tables cannot say.
	log := v.(map[string]any)
	for _, r := range log["runs"].([]any) {
		run := r.(map[string]any)
		rules := run["tool"].(map[string]any)["driver"].(map[string]any)["rules"].([]any)
		for _, r := range run["results"].([]any) {
			result := r.(map[string]any)
			if id := rules[int(result["ruleIndex"].(float64))].(map[string]any)["id"]; id != result["ruleId"] {
				t.Errorf("rule %v at the index of %v", id, result["ruleId"])
			}
		}
	}
}

// checkSARIFValue returns what is wrong with a value of a kind.
func checkSARIFValue(path, kind string, v any) (wrong []string) {
	bad := func(format string, args ...any) { wrong = append(wrong, path+": "+fmt.Sprintf(format, args...)) }
	if item, ok := strings.CutPrefix(kind, "[]"); ok {
		list, ok := v.([]any)
		if !ok {
			bad("not an array: %v", v)
		}
		for i, e := range list {
			wrong = append(wrong, checkSARIFValue(fmt.Sprintf("%s[%d]", path, i), item, e)...)
		}
		return wrong
	}
	if item, ok := strings.CutPrefix(kind, "{}"); ok {
		for k, e := range v.(map[string]any) {
			wrong = append(wrong, checkSARIFValue(path+"."+k, item, e)...)
		}
		return wrong
	}
	if values, ok := strings.CutPrefix(kind, "="); ok {
		if s, _ := v.(string); !slices.Contains(strings.Split(values, "|"), s) {
			bad("%v is not one of %s", v, values)
		}
		return wrong
	}
	s, isString := v.(string)
	n, isNumber := v.(float64)
	switch kind {
	case "any":
	case "string":
		if !isString {
			bad("not a string: %v", v)
		}
	case "bool":
		if _, ok := v.(bool); !ok {
			bad("not a boolean: %v", v)
		}
	case "uri":
		if _, err := url.Parse(s); !isString || err != nil || strings.ContainsAny(s, " \\<>\"") {
			bad("not a URI: %v", v)
		}
	case "number":
		if !isNumber || n < 1 || n != float64(int(n)) {
			bad("not a number from 1: %v", v)
		}
	case "index":
		if !isNumber || n < 0 || n != float64(int(n)) {
			bad("not an index: %v", v)
		}
	default:
		return append(wrong, checkSARIFObject(path, kind, v)...)
	}
	return wrong
}

func checkSARIFObject(path, kind string, v any) (wrong []string) {
	allowed, known := sarifObjects[kind]
	object, ok := v.(map[string]any)
	if !known || !ok {
		return []string{fmt.Sprintf("%s: not a %s: %v", path, kind, v)}
	}
	for name := range allowed {
		if required, ok := strings.CutSuffix(name, "!"); ok && object[required] == nil {
			wrong = append(wrong, path+": no "+required)
		}
	}
	for name, value := range object {
		of := allowed[name]
		if of == "" {
			of = allowed[name+"!"]
		}
		if of == "" {
			wrong = append(wrong, fmt.Sprintf("%s: a %s has no %q", path, kind, name))
			continue
		}
		wrong = append(wrong, checkSARIFValue(path+"."+name, of, value)...)
	}
	if line, ok := object["endLine"].(float64); kind == "region" && ok && line < object["startLine"].(float64) {
		wrong = append(wrong, path+": ends before it starts")
	}
	return wrong
}

// TestCheckSARIF: the checker finds what it is for.
func TestCheckSARIF(t *testing.T) {
	for _, bad := range []string{
		`{"version": "2.1.0"}`,
		`{"version": "2.0", "runs": []}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "colour": 1}}}]}`,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "m"}, "locations": [{"physicalLocation": {"region": {"startLine": 0}}}]}]}]}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(bad), &v); err != nil {
			t.Fatal(err)
		}
		if checkSARIFValue("log", "log", v) == nil {
			t.Errorf("nothing is wrong with %s", bad)
		}
	}
}
