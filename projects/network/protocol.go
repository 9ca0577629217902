package network

// Status is what a helper tells of itself.
type Status struct {
	Connections int `json:"connections"` // of TCP that are open
	Sessions    int `json:"sessions"`    // of UDP
}
