package terminal

// Output names files, and people want to open them. What a name means is known
// where the program runs; what opens is a page, that of the person who typed
// last, so that it disturbs nobody else.

// find answers which places names mean. Who may look on may ask: it tells no
// more than the list of files.
func (v *viewer) find(m ClientMessage) {
	s := v.session
	names := m.Names[:min(len(m.Names), maxNames)]
	places := make([]*Place, len(names))
	if s.options.Find != nil {
		s.mu.Lock()
		process := s.process
		s.mu.Unlock()
		copy(places, s.options.Find(process, names))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v.urgeLocked(note{frame: encode(Found{Op: "found", ID: m.ID, Places: places})})
}

// Show asks the page of who typed last in a terminal to open places. It reports
// whether there is one.
func (s *Sessions) Show(id string, places []Place) bool {
	s.mu.Lock()
	session := s.byID[id]
	s.mu.Unlock()
	if session == nil {
		return false
	}
	session.mu.Lock()
	defer session.mu.Unlock()
	if session.driver == nil {
		return false
	}
	_, end := session.out.offsets()
	session.driver.noteLocked(note{at: end, frame: encode(Open{Op: "open", Places: places})})
	return true
}
