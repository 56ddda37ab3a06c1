package flows

import (
	"errors"
	"slices"

	"trellis/adapters/chat"
	"trellis/storage"
)

// The records of package flows itself. Those keyed by what comes from a platform belong to no group; a group's stand
// under its own scope.
var (
	accounts     = storage.NewTable[PersonID]("accounts", 1)
	persons      = storage.NewTable[Person]("persons", 1).Remember(remembered, (*Person).share)
	rooms        = storage.NewTable[GroupID]("rooms", 1)
	waitings     = storage.NewTable[waiting]("waiting", 1)
	groupTable   = storage.NewTable[Group]("group", 1).Remember(remembered, (*Group).share)
	memberTable  = storage.NewTable[Membership]("members", 1).Remember(remembered, (*Membership).share)
	standings    = storage.NewTable[Standing]("standing", 1)
	keptValues   = storage.NewTable[kept]("values", 1)
	parkedTimers = storage.NewTable[parked]("parked", 1)
)

// remembered is how many records of each of these tables are kept decoded: every turn reads some of them, and few
// change them. At half a kilobyte each they are a few megabytes.
const remembered = 2000

// share makes a record one that others may append to, each for themselves. What they change they clone.
func (g *Group) share()      { g.Rooms = slices.Clip(g.Rooms) }
func (m *Membership) share() { m.Rooms = slices.Clip(m.Rooms) }

func (p *Person) share() {
	p.Accounts, p.Groups = slices.Clip(p.Accounts), slices.Clip(p.Groups)
}

// groupKey is the key of a group's one record in its own scope.
const groupKey = "group"

// Scope is where a group's records stand; those of nobody's group stand apart.
func Scope(g GroupID) storage.Scope {
	if g == "" {
		return storage.Global
	}
	return storage.In("g", string(g))
}

// Table keeps a practice's records of one type, each in its group. Declare it once, as a package variable.
type Table[V any] struct{ table *storage.Table[V] }

// NewTable returns the table of that name, which is stored: "checkin/round". The version is that of V's format.
func NewTable[V any](name string, version int) *Table[V] {
	return &Table[V]{table: storage.NewTable[V](name, version)}
}

// Get returns the record of the turn's group, or storage.ErrNotFound.
func (b *Table[V]) Get(t *Turn, id ID) (V, error) {
	if err := t.spend(); err != nil {
		var none V
		return none, err
	}
	return b.table.Get(t.over, Scope(t.groupID), string(id))
}

// Find is Get with false instead of ErrNotFound.
func (b *Table[V]) Find(t *Turn, id ID) (V, bool, error) {
	v, err := b.Get(t, id)
	ok, err := Found(err)
	return v, ok, err
}

// Put stores a record of the turn's group.
func (b *Table[V]) Put(t *Turn, id ID, v V) error {
	if err := t.spend(); err != nil {
		return err
	}
	return b.table.Put(t.over, Scope(t.groupID), string(id), v)
}

// Delete removes a record of the turn's group.
func (b *Table[V]) Delete(t *Turn, id ID) error {
	if err := t.spend(); err != nil {
		return err
	}
	return b.table.Delete(t.over, Scope(t.groupID), string(id))
}

// All shows all records of the turn's group in the order of their IDs. visit may write.
func (b *Table[V]) All(t *Turn, visit func(id ID, v V) (more bool, err error)) error {
	return b.table.All(t.over, Scope(t.groupID), counted(t, visit))
}

func counted[V any](t *Turn, visit func(ID, V) (bool, error)) func(string, V) (bool, error) {
	return func(key string, v V) (bool, error) {
		if err := t.spend(); err != nil {
			return false, err
		}
		return visit(ID(key), v)
	}
}

// Index finds the records of a table by something else than their ID.
type Index[V any] struct{ index *storage.Index[V] }

// Index declares an index: of returns the values under which a record is found, and depends on nothing but its
// arguments. Values sort bytewise; Key makes those of several parts, NumberKey and InstantKey
// those that sort as numbers and instants do.
func (b *Table[V]) Index(name string, of func(id ID, v V) []string) *Index[V] {
	return &Index[V]{index: b.table.Index(name, func(key string, v V) []string { return of(ID(key), v) })}
}

// Find shows the records of the turn's group with exactly that value, in the order of their IDs.
func (x *Index[V]) Find(t *Turn, value string, visit func(id ID, v V) (more bool, err error)) error {
	return x.index.Find(t.over, Scope(t.groupID), value, counted(t, visit))
}

// Scan shows the records of the turn's group with values in [from, to), in the order of the values; an empty to means
// to the end.
func (x *Index[V]) Scan(t *Turn, from, to string, visit func(id ID, v V) (more bool, err error)) error {
	return x.index.Scan(t.over, Scope(t.groupID), from, to, counted(t, visit))
}

// NextNumber counts up a series of numbers of the turn's group: A1, A2 …; a number is never used again.
func (t *Turn) NextNumber(series string) (int, error) {
	n, err := numbers.Get(t.over, Scope(t.groupID), series)
	if _, err := Found(err); err != nil {
		return 0, err
	}
	n++
	return n, numbers.Put(t.over, Scope(t.groupID), series, n)
}

var numbers = storage.NewTable[int]("numbers", 1)

// errBudget ends a turn that reads or writes without end.
var errBudget = errors.New("turn used up its budget")

// Budget is how many reads, writes and effects one turn may have; far above any honest turn in a group of hundreds.
const Budget = 10_000

// spend fails when the turn went over its budget.
func (t *Turn) spend() error {
	if t.unhurried {
		return nil
	}
	if t.over.Reads() > Budget || t.over.Writes() > Budget || len(t.effects.Sends)+len(t.effects.Timers) > Budget {
		return errBudget
	}
	return nil
}

// Found turns "there is no such record" into false.
func Found(err error) (bool, error) {
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func roomKey(p chat.Place) string { return string(p.Platform) + "\x00" + string(p.Room) }
