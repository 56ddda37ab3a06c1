package matrix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"trellis/adapters/chat"
)

// deliveryField stands in each event of ours and holds its transaction ID: a server tells that only to the device
// that sent it, and after a restore Trellis is another one.
const deliveryField = "trellis.delivery"

// Deliver is chat.Adapter's.
func (a *Adapter) Deliver(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if ctx.Err() != nil {
		return chat.Receipt{}, &chat.Later{Reason: "stopped before it was sent"}
	}
	if err := a.enter(ctx); err != nil {
		if f, ok := errors.AsType[*final](err); ok {
			return chat.Receipt{}, &chat.Refused{Scope: chat.ThisPlatform, Who: chat.Operator, Reason: f.text}
		}
		return chat.Receipt{}, a.before(err)
	}
	in, err := a.whereTo(ctx, d.To)
	if err == nil {
		err = a.know(ctx, in)
	}
	if err != nil {
		return chat.Receipt{}, a.before(err)
	}
	a.recent.reads(d.To.Account, d.Message.Language)
	s := sending{a: a, in: in, id: string(d.ID)}
	if d.Doubt || a.isFresh() {
		if s.there, err = a.echoes(ctx, in, s.id); err != nil {
			return chat.Receipt{}, a.before(err)
		}
	}
	var receipt chat.Receipt
	if d.Update != "" {
		receipt, err = s.update(ctx, d)
	} else {
		receipt, err = s.post(ctx, d)
	}
	return receipt, a.outcome(err)
}

func (a *Adapter) isFresh() bool {
	a.login.Lock()
	defer a.login.Unlock()
	return time.Now().Before(a.fresh)
}

// whereTo is the room that a message goes to. A word to one person in a room goes to their direct room: Matrix has none
// that only one of a room sees.
func (a *Adapter) whereTo(ctx context.Context, to chat.Place) (id.RoomID, error) {
	if to.Account != "" {
		return a.directRoom(ctx, id.UserID(to.Account))
	}
	return id.RoomID(to.Room), nil
}

// know makes sure that it is known who is in a room and whether it is encrypted: else words could go out in clear, or
// under a key that not everybody has.
func (a *Adapter) know(ctx context.Context, in id.RoomID) error {
	known, err := a.state.HasFetchedMembers(ctx, in)
	if err != nil || known {
		return err
	}
	return a.fetchState(ctx, in)
}

// sending is one delivery on its way.
type sending struct {
	a     *Adapter
	in    id.RoomID
	id    string
	there map[string]id.EventID // what stands already, by transaction ID; nil: it was not looked for
}

func (s *sending) txn(part string, n int) string {
	if part == "" && n == 0 {
		return s.id
	}
	return s.id + "." + part + strconv.Itoa(n)
}

// post sends a new message: its parts, then the reactions of its choices.
func (s *sending) post(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	if len(d.Message.Choices) > 0 {
		// Who presses at once is told of by the sync: it waits until the choices are stored.
		s.a.sending.RLock()
		defer s.a.sending.RUnlock()
	}
	all := optionsOf(d.Message)
	var stands standing
	var first id.EventID
	for i, c := range parts(withOptions(d.Message.Text, all), s.content(d)) {
		if d.Thread != "" {
			c.RelatesTo = (&event.RelatesTo{}).SetThread(id.EventID(d.Thread), id.EventID(d.Thread))
		}
		e, err := s.message(ctx, s.txn("", i), c)
		switch {
		case err != nil && i > 0:
			return chat.Receipt{}, fmt.Errorf("send part %d: %s", i+1, plain(err)) // the first stands
		case err != nil:
			return chat.Receipt{}, err
		case i == 0:
			first = e
		default:
			stands.Parts = append(stands.Parts, e)
		}
	}
	stands.Choices = all
	if err := s.keep(ctx, first, &stands, nil); err != nil {
		return chat.Receipt{}, err
	}
	return chat.Receipt{Message: chat.MessageID(first), Room: chat.RoomID(s.in)}, nil
}

func (s *sending) content(d chat.Delivery) func(chat.Text) *event.MessageEventContent {
	mentions := meant(d.Message)
	return func(t chat.Text) *event.MessageEventContent {
		return content(t, d.Message.Notify && (d.To.Private() || len(mentions.UserIDs) > 0), mentions)
	}
}

// update puts a message in the place of one of Trellis's.
func (s *sending) update(ctx context.Context, d chat.Delivery) (chat.Receipt, error) {
	s.a.sending.RLock()
	defer s.a.sending.RUnlock()
	message := id.EventID(d.Update)
	where, old, err := s.a.store.stands(ctx, message)
	if err != nil {
		return chat.Receipt{}, &chat.Later{Reason: err.Error()}
	}
	if where != "" && where != s.in {
		s.in = where // it was said elsewhere, before the person got another direct room
	}
	stand := append([]id.EventID{message}, old.Parts...)
	all := optionsOf(d.Message)
	var now standing
	n := 0
	for i, c := range parts(withOptions(d.Message.Text, all), s.content(d)) {
		n = i + 1
		if i < len(stand) {
			c = edit(c, stand[i])
		}
		e, err := s.message(ctx, s.txn("", i), c)
		if err != nil {
			return chat.Receipt{}, err
		}
		if i >= len(stand) {
			stand = append(stand, e)
		}
	}
	for i := n; i < len(stand); i++ {
		if err := s.redact(ctx, s.txn("x", i), stand[i]); err != nil {
			return chat.Receipt{}, err
		}
	}
	now.Parts, now.Choices = stand[1:n], all
	if err := s.keep(ctx, message, &now, old.Choices); err != nil {
		return chat.Receipt{}, err
	}
	return chat.Receipt{Message: d.Update, Room: chat.RoomID(s.in)}, nil
}

// edit is a content that takes the place of an event. It wakes nobody anew.
func edit(c *event.MessageEventContent, of id.EventID) *event.MessageEventContent {
	return &event.MessageEventContent{
		MsgType: c.MsgType, Body: "* " + c.Body, Format: c.Format, FormattedBody: "* " + c.FormattedBody,
		Mentions: &event.Mentions{}, NewContent: c, RelatesTo: (&event.RelatesTo{}).SetReplace(of),
	}
}

// keep stores the choices of a message, so that whoever presses at once is understood, and then puts and takes away
// reactions. These are a convenience, for numbers can be typed: that one fails is no failure of the message.
func (s *sending) keep(ctx context.Context, message id.EventID, now *standing, old []option) error {
	for i := range now.Choices {
		if i < len(old) {
			now.Choices[i].Reaction = old[i].Reaction
		}
	}
	store := func() error {
		if err := s.a.store.putStands(ctx, s.in, message, *now); err != nil {
			return fmt.Errorf("keep the choices: %w", err) // it stands: unknown, so that it is looked for and kept again
		}
		return nil
	}
	if err := store(); err != nil {
		return err
	}
	changed := false
	for i, o := range now.Choices {
		if o.Key == "" || o.Reaction != "" || len(now.Choices) > len(keycaps) {
			continue
		}
		e, err := s.react(ctx, s.txn("r", i), message, o.Key)
		if err != nil {
			s.a.log.Info("matrix: a choice has no reaction, but a number", "error", plain(err))
			break
		}
		now.Choices[i].Reaction, changed = e, true
	}
	for i := len(now.Choices); i < len(old); i++ {
		if old[i].Reaction == "" {
			continue
		}
		if err := s.redact(ctx, s.txn("u", i), old[i].Reaction); err != nil {
			s.a.log.Info("matrix: the reaction of an old choice stays", "error", plain(err))
		}
	}
	if changed {
		return store()
	}
	return nil
}

// message sends one event, encrypted where the room is.
func (s *sending) message(ctx context.Context, txn string, c *event.MessageEventContent) (id.EventID, error) {
	if e, ok := s.there[txn]; ok {
		return e, nil
	}
	kind, whole := event.EventMessage, any(&event.Content{Parsed: c, Raw: map[string]any{deliveryField: txn}})
	encrypted, err := s.a.state.IsEncrypted(ctx, s.in)
	if err != nil {
		return "", &chat.Later{Reason: "the state of the room cannot be read"}
	}
	if encrypted {
		if s.a.cipher == nil {
			return "", &chat.Refused{Scope: chat.ThisPlace, Who: chat.Operator, Reason: "the room is encrypted and matrix.encryption is off"}
		}
		if whole, err = s.a.cipher.encrypt(ctx, s.in, whole); err != nil {
			return "", s.a.before(err)
		}
		kind = event.EventEncrypted
	}
	return s.put(ctx, kind, txn, whole)
}

func (s *sending) react(ctx context.Context, txn string, to id.EventID, key string) (id.EventID, error) {
	if e, ok := s.there[txn]; ok {
		return e, nil
	}
	c := &event.ReactionEventContent{RelatesTo: *(&event.RelatesTo{}).SetAnnotation(to, key)}
	e, err := s.put(ctx, event.EventReaction, txn, &event.Content{Parsed: c, Raw: map[string]any{deliveryField: txn}})
	if said, ok := answerOf(err); ok && said.code == "M_DUPLICATE_ANNOTATION" {
		return "", nil
	}
	return e, err
}

func (s *sending) put(ctx context.Context, kind event.Type, txn string, c any) (id.EventID, error) {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	r, err := s.a.client.SendMessageEvent(ctx, s.in, kind, c, mautrix.ReqSendEvent{TransactionID: txn, DontEncrypt: true})
	if err != nil {
		return "", err
	}
	if r == nil || r.EventID == "" {
		return "", errors.New("the answer names no event")
	}
	return r.EventID, nil
}

func (s *sending) redact(ctx context.Context, txn string, e id.EventID) error {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	_, err := s.a.client.RedactEvent(ctx, s.in, e, mautrix.ReqRedact{TxnID: txn})
	return err
}

// How far back an echo is looked for: a delivery in doubt is one of the last before a stop.
const (
	echoPage  = 100
	echoPages = 10
)

// echoes are the events of a delivery that stand in a room, by their transaction IDs.
func (a *Adapter) echoes(ctx context.Context, in id.RoomID, delivery string) (map[string]id.EventID, error) {
	there := map[string]id.EventID{}
	from := ""
	for range echoPages {
		page, err := a.client.Messages(ctx, in, from, "", mautrix.DirectionBackward, nil, echoPage)
		if err != nil {
			return nil, fmt.Errorf("look for a delivery: %w", err)
		}
		for _, e := range page.Chunk {
			if e.Sender != a.client.UserID {
				continue
			}
			if txn := a.txnOf(ctx, in, e); txn == delivery || strings.HasPrefix(txn, delivery+".") {
				there[txn] = e.ID
			}
		}
		if _, found := there[delivery]; found || page.End == "" || page.End == from {
			break
		}
		from = page.End
	}
	return there, nil
}

// txnOf is the transaction ID of an event of ours.
func (a *Adapter) txnOf(ctx context.Context, in id.RoomID, e *event.Event) string {
	if e.Unsigned.TransactionID != "" {
		return e.Unsigned.TransactionID
	}
	e.RoomID = in
	if parse(e) == nil && e.Type == event.EventEncrypted && a.cipher != nil {
		if clear, err := a.cipher.decrypt(ctx, e); err == nil {
			e = clear
		}
	}
	var c map[string]json.RawMessage
	var txn string
	if json.Unmarshal(e.Content.VeryRaw, &c) == nil {
		_ = json.Unmarshal(c[deliveryField], &txn)
	}
	return txn
}

// say sends words of the adapter's own. That they do not arrive is no more than a pity.
func (a *Adapter) say(ctx context.Context, in id.RoomID, txn string, t chat.Text) (id.EventID, error) {
	if err := a.know(ctx, in); err != nil {
		return "", err
	}
	s := sending{a: a, in: in, id: txn}
	e, err := s.message(ctx, txn, content(t, true, &event.Mentions{}))
	return e, err
}

// withVia are the servers by which a room is found that another server made.
func withVia(users ...id.UserID) (servers []string) {
	for _, u := range users {
		if _, server, ok := strings.Cut(string(u), ":"); ok && !slices.Contains(servers, server) {
			servers = append(servers, server)
		}
	}
	return servers
}
