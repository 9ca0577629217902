package projects

// outage is whether something that is tried again and again fails. It is said when
// that begins and when it is over, not each time: while the database is away,
// every project fails every second. The zero value is ready.
type outage struct{ there bool }

// heed takes the outcome of an attempt and returns what is to be said now.
func (o *outage) heed(err error) (begins, ends bool) {
	before := o.there
	o.there = err != nil
	return !before && o.there, before && !o.there
}
