package projects

// LookAtDisk has the next look at what a project takes come now.
func (h *Host) LookAtDisk(project string) {
	h.disks.mu.Lock()
	defer h.disks.mu.Unlock()
	h.disks.entryLocked(project).asked = true
	h.disks.wake()
}

// DiskBy says how it is known what projects take: "quota" or "polling".
func (h *Host) DiskBy(project string) string {
	_, by, _ := h.disks.usage(project)
	return by
}
