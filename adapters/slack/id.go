package slack

import (
	"strings"

	"trellis/adapters/chat"
)

// IDs are the workspace's and Slack's own, joined by a slash, which stands in neither.

func roomID(team, channel string) chat.RoomID    { return chat.RoomID(team + "/" + channel) }
func directID(team, user string) chat.RoomID     { return chat.RoomID(team + "/@" + user) }
func accountID(team, user string) chat.AccountID { return chat.AccountID(team + "/" + user) }

func messageID(team, channel, ts string) chat.MessageID {
	return chat.MessageID(team + "/" + channel + "/" + ts)
}

func eventID(team, kind string, parts ...string) chat.EventID {
	return chat.EventID(team + "/" + kind + "/" + strings.Join(parts, "/"))
}

// split takes a room's or an account's ID apart. Of a direct room, of is the user.
func split[ID ~string](id ID) (team, of string, direct bool) {
	team, of, _ = strings.Cut(string(id), "/")
	of, direct = strings.CutPrefix(of, "@")
	return team, of, direct
}

func splitMessage(id chat.MessageID) (channel, ts string) {
	_, rest, _ := strings.Cut(string(id), "/")
	channel, ts, _ = strings.Cut(rest, "/")
	return channel, ts
}

// Workspace is the one that a place belongs to; limits are counted by it.
func Workspace(p chat.Place) string {
	if p.Account != "" {
		team, _, _ := split(p.Account)
		return team
	}
	team, _, _ := split(p.Room)
	return team
}
