package flows

import (
	"fmt"
	"strings"

	"trellis/adapters/chat"
)

// router is the name under which package flows itself handles choices and forms.
const router = "flows"

// value is what a choice or a form carries to the platform and back. It grants nothing: what it names is looked up,
// and who may do it is checked, when it comes back.
type value struct {
	flow, name string
	group      GroupID
	subject    ID
	on         Posted // the message that the choice stands on
	arg        string
}

const valueSeparator = "|"

// kept is a value that was too long for a platform; it stands in the store instead.
type kept struct {
	Value string
	By    PersonID
}

const keptPrefix = "kept"

func (v value) encode(t *Turn) (string, error) {
	s := strings.Join([]string{v.flow, v.name, string(v.group), string(v.subject), string(v.on), v.arg}, valueSeparator)
	if len(s) <= chat.MaxChoiceValue {
		return s, nil
	}
	id := t.NewID()
	if err := keptValues.Put(t.over, Scope(t.groupID), string(id), kept{Value: s, By: t.person}); err != nil {
		return "", fmt.Errorf("keep a long value: %w", err)
	}
	return strings.Join([]string{keptPrefix, string(t.groupID), string(id)}, valueSeparator), nil
}

// decode reads what encode wrote; false for anything else.
func (t *Turn) decode(s string) (value, bool, error) {
	if rest, ok := strings.CutPrefix(s, keptPrefix+valueSeparator); ok {
		group, id, ok := strings.Cut(rest, valueSeparator)
		if !ok {
			return value{}, false, nil
		}
		k, err := keptValues.Get(t.over, Scope(GroupID(group)), id)
		if ok, err := Found(err); !ok {
			return value{}, false, err
		}
		s = k.Value
	}
	parts := strings.SplitN(s, valueSeparator, 6)
	if len(parts) != 6 {
		return value{}, false, nil
	}
	return value{
		flow: parts[0], name: parts[1], group: GroupID(parts[2]), subject: ID(parts[3]), on: Posted(parts[4]), arg: parts[5],
	}, true, nil
}
