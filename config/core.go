package config

// Core is the keys that belong to no adapter. languages are those that have a catalogue.
func Core(languages []string) []Section {
	return []Section{
		{Keys: []Key{
			{Name: "data", Kind: Folder, Default: "data", Doc: "folder that holds all that Trellis keeps"},
		}},
		{Name: "http", Keys: []Key{
			{Name: "listen", Kind: Listen, Doc: "where to serve /healthz, /readyz, and what adapters need; nothing is opened unless given"},
			{Name: "metrics", Kind: Listen, Doc: "where to serve /metrics; unless given, to loopback at http.listen only"},
		}},
		{Name: "log", Keys: []Key{
			{Name: "level", Default: "info", OneOf: []string{"debug", "info", "warn", "error"}, Doc: "the least that is logged"},
			{Name: "format", Default: "text", OneOf: []string{"text", "json"}, Doc: "how it is logged"},
		}},
		{Name: "group", Keys: []Key{
			{Name: "zone", Kind: Zone, Default: "UTC", Doc: "time zone of new groups"},
			{Name: "language", Default: "en", OneOf: languages, Doc: "language of new groups"},
		}},
		{Name: "web", Keys: []Key{
			{Name: "url", Kind: URL, Doc: "public address of guests' links; no web room unless given"},
		}},
	}
}
