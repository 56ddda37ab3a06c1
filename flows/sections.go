package flows

// Sections to which several practices add. In an overview and in a digest they stand in this order.

// Promised is what the reader has taken on.
func Promised(lines ...Phrase) Section {
	return Section{Order: 10, Heading: Words("flows.section.promised"), Lines: lines}
}

// Waits is what waits for the reader's word.
func Waits(lines ...Phrase) Section {
	return Section{Order: 20, Heading: Words("flows.section.waits"), Lines: lines}
}

// News is what changed for the reader.
func News(lines ...Phrase) Section {
	return Section{Order: 30, Heading: Words("flows.section.news"), Lines: lines}
}

// Open is what the group was asked and has not answered yet.
func Open(lines ...Phrase) Section {
	return Section{Order: 60, Heading: Words("flows.section.open"), Lines: lines}
}
