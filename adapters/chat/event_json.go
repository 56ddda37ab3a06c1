package chat

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// happenings names each Happening in stored events. A name never changes.
var happenings = map[string]reflect.Type{
	"said": reflect.TypeFor[Said](), "command": reflect.TypeFor[Command](), "pressed": reflect.TypeFor[Pressed](),
	"filled": reflect.TypeFor[Filled](), "closed": reflect.TypeFor[Closed](), "reacted": reflect.TypeFor[Reacted](),
	"edited": reflect.TypeFor[Edited](), "deleted": reflect.TypeFor[Deleted](), "joined": reflect.TypeFor[Joined](),
	"left": reflect.TypeFor[Left](), "invited": reflect.TypeFor[Invited](), "removed": reflect.TypeFor[Removed](),
	"renamed": reflect.TypeFor[Renamed](), "moved": reflect.TypeFor[Moved](), "changed": reflect.TypeFor[Changed](),
	"opened": reflect.TypeFor[Opened](), "reachable": reflect.TypeFor[Reachable](),
}

// Kind is the name of what happened, for logs and stored events.
func (e Event) Kind() string {
	for name, t := range happenings {
		if reflect.TypeOf(e.What) == t {
			return name
		}
	}
	return "unknown"
}

type plainEvent Event

type storedEvent struct {
	plainEvent
	What json.RawMessage
	Kind string
}

// MarshalJSON writes the event with the name of what happened.
func (e Event) MarshalJSON() ([]byte, error) {
	what, err := json.Marshal(e.What)
	if err != nil {
		return nil, err
	}
	s := storedEvent{plainEvent: plainEvent(e), What: what, Kind: e.Kind()}
	s.plainEvent.What = nil
	return json.Marshal(s)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (e *Event) UnmarshalJSON(data []byte) error {
	var s storedEvent
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("read event: %w", err)
	}
	t, ok := happenings[s.Kind]
	if !ok {
		return fmt.Errorf("read event %s: unknown kind %q", s.ID, s.Kind)
	}
	what := reflect.New(t)
	if err := json.Unmarshal(s.What, what.Interface()); err != nil {
		return fmt.Errorf("read event %s: %w", s.ID, err)
	}
	*e = Event(s.plainEvent)
	e.What = what.Elem().Interface().(Happening)
	return nil
}
