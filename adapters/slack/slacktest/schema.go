package slacktest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed testdata/block-kit.schema.json
var blockKit []byte

// schema is one of JSON Schema's, as far as Block Kit's uses it.
type schema struct {
	Ref           string `json:"$ref"`
	Type          string
	Const         any
	Enum          []any
	Properties    map[string]*schema
	Required      []string
	Additional    json.RawMessage `json:"additionalProperties"`
	MinProperties int
	Items         *schema
	MinItems      int
	MaxItems      *int
	MinLength     int
	MaxLength     *int
	AnyOf, AllOf  []*schema
	Definitions   map[string]*schema
}

func readSchema() (*schema, error) {
	s := &schema{}
	if err := json.Unmarshal(blockKit, s); err != nil {
		return nil, fmt.Errorf("read Block Kit's schema: %w", err)
	}
	return s, nil
}

// check holds a value against one of the definitions, and says what is wrong with it and where.
func (s *schema) check(definition string, v any) error {
	return s.at(s.Definitions[definition], v, "")
}

func (s *schema) at(want *schema, v any, path string) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))
	}
	if want.Ref != "" {
		return s.at(s.Definitions[strings.TrimPrefix(want.Ref, "#/definitions/")], v, path)
	}
	if want.Const != nil && want.Const != v {
		return wrong("%v is not %v", v, want.Const)
	}
	if len(want.Enum) > 0 && !slices.Contains(want.Enum, v) {
		return wrong("%v is none of %v", v, want.Enum)
	}
	if err := s.checkType(want, v, path); err != nil {
		return err
	}
	for _, part := range want.AllOf {
		if err := s.at(part, v, path); err != nil {
			return err
		}
	}
	return s.anyOf(want, v, path)
}

func (s *schema) checkType(want *schema, v any, path string) error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))
	}
	switch v := v.(type) {
	case string:
		n := utf8.RuneCountInString(v)
		if want.Type != "" && want.Type != "string" {
			return wrong("a text, not %s", want.Type)
		}
		if n < want.MinLength || want.MaxLength != nil && n > *want.MaxLength {
			return wrong("%d characters", n)
		}
	case bool:
		if want.Type != "" && want.Type != "boolean" {
			return wrong("true or false, not %s", want.Type)
		}
	case float64:
		if want.Type != "" && want.Type != "number" && (want.Type != "integer" || v != math.Trunc(v)) {
			return wrong("a number, not %s", want.Type)
		}
	case []any:
		if want.Type != "" && want.Type != "array" {
			return wrong("a list, not %s", want.Type)
		}
		if len(v) < want.MinItems || want.MaxItems != nil && len(v) > *want.MaxItems {
			return wrong("%d items", len(v))
		}
		for i := range v {
			if want.Items == nil {
				break
			}
			if err := s.at(want.Items, v[i], fmt.Sprintf("%s/%d", path, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		return s.checkObject(want, v, path)
	default:
		return wrong("%v is not allowed", v)
	}
	return nil
}

func (s *schema) checkObject(want *schema, v map[string]any, path string) error {
	if want.Type != "" && want.Type != "object" {
		return fmt.Errorf("%s: an object, not %s", path, want.Type)
	}
	if len(v) < want.MinProperties {
		return fmt.Errorf("%s: is empty", path)
	}
	for _, name := range want.Required {
		if _, ok := v[name]; !ok {
			return fmt.Errorf("%s: %s is missing", path, name)
		}
	}
	for name, value := range v {
		p := want.Properties[name]
		if p == nil {
			if string(want.Additional) == "false" {
				return fmt.Errorf("%s: there is no %s", path, name)
			}
			continue
		}
		if err := s.at(p, value, path+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// anyOf tells of the alternative that has the value's type, when none fits.
func (s *schema) anyOf(want *schema, v any, path string) error {
	var first error
	for _, part := range want.AnyOf {
		err := s.at(part, v, path)
		if err == nil {
			return nil
		}
		if first == nil || s.typeOf(part) != "" && s.typeOf(part) == typeOf(v) {
			first = err
		}
	}
	return first
}

func (s *schema) typeOf(part *schema) string {
	for part.Ref != "" {
		part = s.Definitions[strings.TrimPrefix(part.Ref, "#/definitions/")]
	}
	if t := part.Properties["type"]; t != nil {
		name, _ := t.Const.(string)
		return name
	}
	return ""
}

func typeOf(v any) string {
	m, _ := v.(map[string]any)
	name, _ := m["type"].(string)
	return name
}
