package chat

// Each kind of ID is a type of its own, opaque to all but its maker. They are unique over all workspaces of a platform.
type (
	// Platform names an adapter: slack, matrix, web, rehearsal.
	Platform string
	// RoomID is a platform's room: a Slack channel, a Matrix room, a web room, or one person's direct room.
	RoomID string
	// AccountID is one account on a platform.
	AccountID string
	// EventID names one thing that happened, the same each time the platform tells of it again.
	EventID string
	// MessageID is the platform's own name for a message that stands in a room.
	MessageID string
	// DeliveryID is our name for one message to one place. It never changes and is never used again.
	DeliveryID string
)
