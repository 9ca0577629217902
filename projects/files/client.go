package files

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"lyceum/app"
)

const (
	// answerBound is the longest answer without a text in it, listings included:
	// maxListing bytes of names, each with a hundred bytes about it.
	answerBound = 8 << 20
	// messageBound is the longest sentence taken from an agent.
	messageBound = 1000
	// answerTime is how long an answer may take that is read at once, beside what an
	// upload needs: a save waits for a busy disk, and a listing for ten thousand
	// files.
	answerTime = 2 * time.Minute
	// maxShown bounds the names of a listing as they are shown, in which a byte that
	// is no text is longer than in maxListing.
	maxShown = maxListing * (len(escapeMark) + 2)
	// maxNumber is what a page can count to without a loss.
	maxNumber = 1 << 53
	// lineBound is the longest event: a path and some.
	lineBound = 32 << 10
)

// Client asks an agent, with the promises of Files. The agent is not trusted:
// every length is bounded, and what it says of a text is checked.
type Client struct {
	// Refuse is asked before anything that takes space on disk; its error is the
	// answer. It is set before the client is used, and may be nil.
	Refuse func() error

	transport http.RoundTripper
	base      string
	sharing   sharing
}

var (
	_ Files = (*Client)(nil)
	_ Files = (*Folder)(nil)
)

// NewClient returns a client of the Handler at base, such as
// "http://agent/files". The transport bounds headers (MaxResponseHeaderBytes)
// and the time to dial.
func NewClient(transport http.RoundTripper, base string) *Client {
	c := &Client{transport: transport, base: base}
	c.sharing.watch = c.watch
	return c
}

func escapeQuery(s string) string { return url.QueryEscape(s) }

// do sends a request; the answer has status 200 and its body has to be closed.
// Redirects are not followed.
func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("ask agent: %w", err)
	}
	response, err := c.transport.RoundTrip(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("ask agent: %w", ctx.Err())
		}
		return nil, app.Explain(fmt.Errorf("ask agent: %w", err), app.Unavailable, "The project does not answer. It may be stopping; please try again, or restart it.")
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		return nil, errorOf(response)
	}
	return response, nil
}

// errorOf reads the sentence of an answer that is an error.
func errorOf(response *http.Response) error {
	var e wireError
	err := json.NewDecoder(io.LimitReader(response.Body, 8*messageBound)).Decode(&e)
	if _, known := statuses[e.Kind]; err != nil || !known || e.Message == "" || !utf8.ValidString(e.Message) {
		return fmt.Errorf("agent answered %d without a sentence", response.StatusCode)
	}
	if len(e.Message) > messageBound {
		e.Message = string(bytes.ToValidUTF8([]byte(e.Message[:messageBound]), nil)) + "…"
	}
	return app.Errorf(e.Kind, "%s", e.Message)
}

// ask reads an answer in JSON of at most bound bytes.
func (c *Client) ask(ctx context.Context, method, path string, body io.Reader, bound int64, v any) error {
	if _, stream := body.(io.ReadCloser); !stream {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, answerTime)
		defer cancel()
	}
	response, err := c.do(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	data, err := readBounded(ctx, response.Body, bound)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("answer of agent: %w", err)
	}
	return nil
}

func readBounded(ctx context.Context, r io.Reader, bound int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, bound+1))
	if err != nil {
		return nil, app.Explain(fmt.Errorf("read answer of agent: %w", cmp.Or(ctx.Err(), err)), app.Unavailable, "The project did not answer as a whole. Please try again.")
	}
	if int64(len(data)) > bound {
		return nil, app.Errorf(app.TooLarge, "The project answered with more than %s.", HumanSize(bound))
	}
	return data, nil
}

// askInfo is ask for what answers an Info.
func (c *Client) askInfo(ctx context.Context, method, path string, body io.Reader) (Info, error) {
	var info Info
	if err := c.ask(ctx, method, path, body, answerBound, &info); err != nil {
		return Info{}, err
	}
	info.clamp()
	return info, info.check()
}

// clamp makes numbers such that a page can show them: some disks take files with
// times and sizes that are beyond.
func (i *Info) clamp() {
	i.Size = min(i.Size, maxNumber)
	i.Modified = max(min(i.Modified, maxNumber), -maxNumber)
}

// check refuses what no Folder says.
func (i Info) check() error {
	kinds := map[Kind]bool{File: true, Directory: true, Link: true, Other: true}
	if !kinds[i.Kind] || i.Target != "" && !kinds[i.Target] || i.Size < 0 || i.Mode > 0o777 ||
		len(i.Name) > maxName*(len(escapeMark)+2) || !utf8.ValidString(i.Name) || bytes.ContainsAny([]byte(i.Name), "/\x00\n") {
		return fmt.Errorf("agent describes no file: kind %.20q, size %d", i.Kind, i.Size)
	}
	return nil
}

// List is Files.List.
func (c *Client) List(ctx context.Context, path string) (Listing, error) {
	var l Listing
	if err := c.ask(ctx, http.MethodGet, "/list"+queryOf("path", path), nil, answerBound, &l); err != nil {
		return Listing{}, err
	}
	if len(l.Entries) > MaxEntries {
		return Listing{}, fmt.Errorf("agent lists %d entries", len(l.Entries))
	}
	names := 0
	for n := range l.Entries {
		i := &l.Entries[n]
		i.clamp()
		if err := i.check(); err != nil {
			return Listing{}, err
		}
		names += len(i.Name)
	}
	if names > maxShown {
		return Listing{}, fmt.Errorf("agent lists names of %d bytes", names)
	}
	return l, nil
}

// Stat is Files.Stat.
func (c *Client) Stat(ctx context.Context, path string) (Info, error) {
	return c.askInfo(ctx, http.MethodGet, "/stat"+queryOf("path", path), nil)
}

// refused is why nothing that takes space is done now.
func (c *Client) refused() error {
	if c.Refuse == nil {
		return nil
	}
	return c.Refuse()
}

// CreateFile is Files.CreateFile.
func (c *Client) CreateFile(ctx context.Context, path string) (Info, error) {
	if err := c.refused(); err != nil {
		return Info{}, err
	}
	return c.askInfo(ctx, http.MethodPost, "/create"+queryOf("path", path), nil)
}

// Mkdir is Files.Mkdir.
func (c *Client) Mkdir(ctx context.Context, path string) (Info, error) {
	if err := c.refused(); err != nil {
		return Info{}, err
	}
	return c.askInfo(ctx, http.MethodPost, "/mkdir"+queryOf("path", path), nil)
}

// Rename is Files.Rename.
func (c *Client) Rename(ctx context.Context, from, to string) (Info, error) {
	return c.askInfo(ctx, http.MethodPost, "/rename"+queryOf("path", from, "to", to), nil)
}

// Remove is Files.Remove.
func (c *Client) Remove(ctx context.Context, path string) error {
	return c.ask(ctx, http.MethodPost, "/remove"+queryOf("path", path), nil, answerBound, &struct{}{})
}

// Open is Files.Open. No more than Info.Size bytes come; fewer end in an error.
func (c *Client) Open(ctx context.Context, path string) (io.ReadCloser, Info, error) {
	response, err := c.do(ctx, http.MethodGet, "/content"+queryOf("path", path), nil)
	if err != nil {
		return nil, Info{}, err
	}
	var info Info
	if err := cmp.Or(infoOfHeader(response, &info), info.check()); err != nil || info.Size != response.ContentLength {
		_ = response.Body.Close() // the first error is the one
		return nil, Info{}, cmp.Or(err, fmt.Errorf("agent sends %d bytes of a file of %d", response.ContentLength, info.Size))
	}
	return response.Body, info, nil
}

func infoOfHeader(response *http.Response, v any) error {
	data, err := base64.RawURLEncoding.DecodeString(response.Header.Get(infoHeader))
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		return fmt.Errorf("header of agent: %w", err)
	}
	return nil
}

// Upload is Files.Upload.
func (c *Client) Upload(ctx context.Context, path string, overwrite bool, r io.Reader) (Info, error) {
	if err := c.refused(); err != nil {
		return Info{}, err
	}
	query := queryOf("path", path, "overwrite", map[bool]string{true: "1"}[overwrite])
	body := &refusable{r: r, ask: c.refused}
	info, err := c.askInfo(ctx, http.MethodPut, "/content"+query, io.NopCloser(body))
	if why := body.refused.Load(); why != nil {
		return Info{}, *why
	}
	return info, err
}

// refusable is an upload that ends when it is refused on its way: the longest
// would fill the disk otherwise.
type refusable struct {
	r       io.Reader
	ask     func() error
	refused atomic.Pointer[error]
}

func (b *refusable) Read(p []byte) (int, error) {
	if err := b.ask(); err != nil {
		b.refused.Store(&err)
		return 0, err
	}
	return b.r.Read(p)
}

// ReadDocument is Files.ReadDocument.
func (c *Client) ReadDocument(ctx context.Context, path string, limit int64) (Document, error) {
	limit = cmp.Or(limit, MaxDocument)
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	response, err := c.do(ctx, http.MethodGet, "/document"+queryOf("path", path, "max", strconv.FormatInt(limit, 10)), nil)
	if err != nil {
		return Document{}, err
	}
	defer response.Body.Close()
	var d Document
	if err := infoOfHeader(response, &d); err != nil {
		return Document{}, err
	}
	if d.Data, err = readBounded(ctx, response.Body, limit); err != nil {
		return Document{}, err
	}
	if err := checkText(path, d.Data, limit); err != nil {
		return Document{}, err
	}
	sum := sha256.Sum256(d.Data)
	d.Hash, d.LineEnds = sum[:], lineEndsOf(d.Data)
	return d, nil
}

// WriteDocument is Files.WriteDocument.
func (c *Client) WriteDocument(ctx context.Context, path string, data []byte, e Expect) (Written, error) {
	if err := c.refused(); err != nil {
		return Written{}, err
	}
	e.Max = cmp.Or(e.Max, MaxDocument)
	query := queryOf("path", path, "max", strconv.FormatInt(e.Max, 10), "absent", map[bool]string{true: "1"}[e.Absent]) + hashQuery(e.Hashes)
	var w Written
	if err := c.ask(ctx, http.MethodPut, "/document"+query, bytes.NewReader(data), textBound(e.Max), &w); err != nil {
		return Written{}, err
	}
	sum := sha256.Sum256(data)
	if !bytes.Equal(w.Hash, sum[:]) {
		return Written{}, fmt.Errorf("agent has written other bytes than were sent")
	}
	if w.Left != nil {
		if err := w.Left.check(path, e.Max); err != nil {
			return Written{}, err
		}
	}
	return w, nil
}

// textBound is the longest answer with limit bytes of text in base64.
func textBound(limit int64) int64 { return 2*limit + maxLefts*messageBound }

func hashQuery(hashes [][]byte) string {
	var b bytes.Buffer
	for _, h := range hashes {
		b.WriteString("&hash=" + hex.EncodeToString(h))
	}
	return b.String()
}

func (l *Left) check(path string, limit int64) error {
	if err := checkText(path, l.Data, limit); err != nil {
		return err
	}
	if len(l.Name) > maxName {
		return fmt.Errorf("agent names a left-over with %d bytes", len(l.Name))
	}
	sum := sha256.Sum256(l.Data)
	l.Hash = sum[:]
	return nil
}

// Leftovers is Files.Leftovers.
func (c *Client) Leftovers(ctx context.Context, path string, known [][]byte, limit int64) ([]Left, error) {
	limit = cmp.Or(limit, MaxDocument)
	query := queryOf("path", path, "max", strconv.FormatInt(limit, 10)) + hashQuery(known)
	var lefts []Left
	if err := c.ask(ctx, http.MethodPost, "/leftovers"+query, nil, textBound(limit), &lefts); err != nil {
		return nil, err
	}
	if len(lefts) > maxLefts {
		return nil, fmt.Errorf("agent has %d left-overs", len(lefts))
	}
	for i := range lefts {
		if err := lefts[i].check(path, limit); err != nil {
			return nil, err
		}
	}
	return lefts, nil
}

// Discard is Files.Discard.
func (c *Client) Discard(ctx context.Context, path, name string, hash []byte) error {
	query := queryOf("path", path, "name", name, "hash", hex.EncodeToString(hash))
	return c.ask(ctx, http.MethodPost, "/discard"+query, nil, answerBound, &struct{}{})
}

// errSilent says that a stream of events has ended from the other side.
var errSilent = app.Errorf(app.Unavailable, "The project has stopped telling about its files.")

// Watch is Files.Watch. All watches of a client share one stream; it returns
// Unavailable when the agent ends that.
func (c *Client) Watch(ctx context.Context, paths []string, send func(Event) error) error {
	for _, p := range paths {
		if _, err := existing(p); err != nil {
			return err // here, or it would end the stream of all
		}
	}
	return c.sharing.follow(ctx, paths, send)
}

// watch is one stream of events.
func (c *Client) watch(ctx context.Context, paths []string, send func(Event) error) error {
	watched := map[string]bool{}
	for _, p := range paths {
		watched[p] = true
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	patience := time.AfterFunc(aliveWithin, func() { cancel(errSilent) })
	defer patience.Stop()
	body := mustJSON(map[string][]string{"paths": paths})
	response, err := c.do(ctx, http.MethodPost, "/watch", bytes.NewReader(body))
	if err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(make([]byte, 0, 4<<10), lineBound)
	for lines.Scan() {
		patience.Reset(aliveWithin)
		if len(lines.Bytes()) == 0 {
			continue // a sign of life
		}
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("event of agent: %w", err)
		}
		if !e.All && !e.Ready && !watched[e.Path] {
			return fmt.Errorf("agent tells of %.100q, which nobody watches", e.Path)
		}
		if err := send(e); err != nil {
			return err
		}
	}
	return cmp.Or(context.Cause(ctx), lines.Err(), errSilent)
}
