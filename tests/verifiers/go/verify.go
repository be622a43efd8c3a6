// Checks a trail as it was handed over, with the code of Go's own checksum database and nothing of the
// host's. Go and that code are Debian's packages `golang-go` and `golang-golang-x-mod-dev`:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build verify.go
//	./verify FOLDER --client casemate-client.json
//	./verify FOLDER VKEY-FILE [SEEN-CHECKPOINT]
//	./verify --many LIST
//
// The log must follow from the checkpoint in the client's file, be that of this log or of an earlier one:
// then those in `trails/` lead to it. Each log is signed with the tenant's key under its own name.
//
// It prints `ok SIZE ROOT`, or the first thing that is wrong and ends with 1. A line of LIST has the
// arguments for one trail with tabs between, and gets one line of answer.
//
// Formats: c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint, c2sp.org/signed-note.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The first line of the one kind of checkpoint that Go's code reads.
const goTree = "go.sum database tree\n"

// Only a log that goes on after another one begins with a number above 0.
var goesOn = regexp.MustCompile(`^\{"seq":([1-9][0-9]*),"time_ms":[0-9]+,"kind":"restore",.*"before":(\{[^{}]*\})`)

// An earlier log's name in checkpoints.
var logName = regexp.MustCompile(`^casemate-trail/([0-9a-f]{32})$`)

type wrong string

// Ends the check of this trail where something is not as it must be.
func must(ok bool, format string, args ...interface{}) {
	if !ok {
		panic(wrong(strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", " ")))
	}
}

func read(file string) []byte {
	bytes, err := os.ReadFile(file)
	must(err == nil, "%v", err)
	return bytes
}

func verifier(file, text string) note.Verifier {
	key, err := note.NewVerifier(text)
	must(err == nil, "`%s`: %v", file, err)
	spelled := fmt.Sprintf("%s+%08x+", key.Name(), key.KeyHash())
	must(strings.HasPrefix(text, spelled), "`%s`: its id is spelled in another way", file)
	return key
}

func checkpoint(file string, signed []byte, key note.Verifier) tlog.Tree {
	opened, err := note.Open(signed, note.VerifierList(key))
	must(err == nil, "`%s`: %v", file, err)
	// Go's code takes any last bits in base64, and passes over a second signature of one key.
	own := 0
	for _, line := range strings.Split(strings.Trim(string(signed[len(opened.Text):]), "\n"), "\n") {
		fields := strings.Split(line, " ")
		bytes, err := base64.StdEncoding.Strict().DecodeString(fields[2])
		must(err == nil, "`%s`: %v", file, err)
		if fields[1] == key.Name() && binary.BigEndian.Uint32(bytes) == key.KeyHash() {
			own++
		}
	}
	must(own == 1, "`%s`: the key has signed it more than once", file)
	must(strings.HasPrefix(opened.Text, key.Name()+"\n"), "`%s`: it is of another log than the key", file)
	text := goTree + opened.Text[len(key.Name())+1:]
	tree, err := tlog.ParseTree([]byte(text))
	must(err == nil && string(tlog.FormatTree(tree)) == text, "`%s`: it is not a name, a size and a root", file)
	return tree
}

// The path of a tile of up to 256 of so many items, and its width. Level -1 is that of the entries.
func tile(level int, index, items int64) (string, tlog.Tile) {
	tile := tlog.Tile{H: 8, L: level, N: index, W: 256}
	if items < (index+1)*256 {
		tile.W = int(items - index*256)
	}
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1), tile
}

// The entries of a bundle, each behind its length.
func bundle(path string, rest []byte, width int) (entries [][]byte) {
	for ; width > 0; width-- {
		must(len(rest) >= 2 && len(rest)-2 >= int(binary.BigEndian.Uint16(rest)), "`%s` ends within an entry", path)
		end := 2 + int(binary.BigEndian.Uint16(rest))
		entries, rest = append(entries, rest[2:end]), rest[end:]
	}
	must(len(rest) == 0, "`%s`: something stands behind its last entry", path)
	return entries
}

// The hashes of a tree, in the order in which Go's code numbers them.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, index := range indexes {
		found = append(found, h[index])
	}
	return found, nil
}

func (h hashes) root(size int64) tlog.Hash {
	if size == 0 { // Go's code has another one; RFC 6962, section 2.1.
		return sha256.Sum256(nil)
	}
	root, err := tlog.TreeHash(size, h)
	must(err == nil, "%v", err)
	return root
}

// A checkpoint that was seen, or that a log names as the end of the one before it.
type point struct {
	log  string
	tree tlog.Tree
}

// What a log's first entry says of the log before it.
type before struct {
	Log  string `json:"log"`
	Size int64  `json:"size"`
	Root string `json:"root"`
}

// The key and the checkpoint that a client has.
func clientFile(file string) (string, note.Verifier, *point) {
	var known struct{ Schema, Log, Key, Checkpoint string }
	err := json.Unmarshal(read(file), &known)
	must(err == nil, "`%s`: %v", file, err)
	must(known.Schema == "casemate.client/v1", "`%s`: its schema is not casemate.client/v1", file)
	key := verifier(file, known.Key)
	must(key.Name() == known.Log, "`%s`: its key is not for its log", file)
	return known.Key, key, &point{known.Log, checkpoint(file, []byte(known.Checkpoint), key)}
}

// The tenant's key, `NAME+ID+KEY`, under the name of another log.
func named(vkey, name string) (string, note.Verifier) {
	bytes, err := base64.StdEncoding.DecodeString(vkey[strings.LastIndex(vkey, "+")+1:])
	must(err == nil, "%v", err)
	id := sha256.Sum256(append([]byte(name+"\n"), bytes...))
	text := fmt.Sprintf("%s+%x+%s", name, id[:4], base64.StdEncoding.EncodeToString(bytes))
	return text, verifier("key of "+name, text)
}

// Checks one log, and that it has the roots of these points: its tree and the log before it.
func oneLog(folder, below string, key note.Verifier, points []point, own map[string]bool) (tlog.Tree, *before) {
	at := func(path string) string { return filepath.Join(folder, below, path) }
	tree := checkpoint(below+"checkpoint", read(at("checkpoint")), key)
	own[below+"checkpoint"] = true
	var all hashes
	var earlier *before
	first, place := uint64(0), int64(0)
	for index := int64(0); index*256 < tree.N; index++ {
		path, tile := tile(-1, index, tree.N)
		own[below+path] = true
		for _, entry := range bundle(path, read(at(path)), tile.W) {
			isControl := func(r rune) bool { return r < 0x20 || r == 0x7f }
			isLine := utf8.Valid(entry) && bytes.IndexFunc(entry, isControl) < 0 && json.Valid(entry)
			must(isLine, "`%s%s`: entry %d is not one line of JSON", below, path, place)
			if goes := goesOn.FindSubmatch(entry); place == 0 && goes != nil {
				first, _ = strconv.ParseUint(string(goes[1]), 10, 64)
				earlier = new(before)
				err := json.Unmarshal(goes[2], earlier)
				must(err == nil, "`%s%s`: %v", below, path, err)
			}
			begin := fmt.Sprintf(`{"seq":%d,`, first+uint64(place))
			must(bytes.HasPrefix(entry, []byte(begin)), "`%s%s`: entry %d does not begin with %s", below, path, place, begin)
			more, err := tlog.StoredHashes(place, entry, all)
			must(err == nil, "%v", err)
			all, place = append(all, more...), place+1
		}
	}
	must(all.root(tree.N) == tree.Hash, "the %d entries do not hash to the checkpoint's root", tree.N)
	for level, items := 0, tree.N; items > 0; level, items = level+1, items/256 {
		for index := int64(0); index*256 < items; index++ {
			path, tile := tile(level, index, items)
			own[below+path] = true
			want, err := tlog.ReadTileData(tile, all)
			same := err == nil && bytes.Equal(read(at(path)), want)
			must(same, "`%s%s` does not hold the hashes of the entries", below, path)
		}
	}
	for _, seen := range points {
		must(seen.tree.N <= tree.N, "rolled back: it is over %d entries, and one over %d was seen", tree.N, seen.tree.N)
		must(all.root(seen.tree.N) == seen.tree.Hash, "forked: the first %d entries are not those that were seen", seen.tree.N)
	}
	return tree, earlier
}

// Follows the logs before the present one, to what was seen where that is not nil.
func earlierLogs(folder, vkey, present string, earlier *before, seen *point, own map[string]bool) {
	passed := map[string]bool{present: true}
	for earlier != nil {
		name := earlier.Log
		must(!passed[name], "the log `%s` is named as being before itself", name)
		hash, err := base64.StdEncoding.Strict().DecodeString(earlier.Root)
		hex := logName.FindStringSubmatch(name)
		must(err == nil && len(hash) == 32 && hex != nil, "the log before is not named by a name, a size and a root")
		end := point{log: name, tree: tlog.Tree{N: earlier.Size}}
		copy(end.tree.Hash[:], hash)
		isOf := seen != nil && seen.log == name
		must(!isOf || seen.tree.N <= end.tree.N, "rolled back: the earlier log ends with %d entries", end.tree.N)
		isEnd := isOf && seen.tree.N == end.tree.N
		must(!isEnd || seen.tree.Hash == end.tree.Hash, "forked: the end of the earlier log is not what was seen")
		below := "trails/" + hex[1] + "/"
		if info, err := os.Stat(filepath.Join(folder, below)); err != nil || !info.IsDir() {
			must(seen == nil || isEnd, "`%s` is not there", below)
			return
		}
		points := []point{end}
		if isOf {
			points, seen = append(points, *seen), nil
		}
		_, key := named(vkey, name)
		_, earlier = oneLog(folder, below, key, points, own)
		passed[name] = true
	}
	must(seen == nil, "nothing leads from the log that was seen to this one")
}

func verify(folder, vkey string, more ...string) string {
	var text string
	var key note.Verifier
	var seen *point
	if vkey == "--client" {
		must(len(more) == 1, "the client's file is not named")
		text, _, seen = clientFile(more[0])
		signed := string(read(filepath.Join(folder, "checkpoint")))
		text, key = named(text, strings.SplitN(signed, "\n", 2)[0])
	} else {
		text = strings.TrimSuffix(string(read(vkey)), "\n")
		key = verifier(vkey, text)
		for _, file := range more {
			seen = &point{key.Name(), checkpoint(file, read(file), key)}
		}
	}
	var points []point
	if seen != nil && seen.log == key.Name() {
		points, seen = []point{*seen}, nil
	}
	own := map[string]bool{"README.txt": true}
	tree, earlier := oneLog(folder, "", key, points, own)
	earlierLogs(folder, text, key.Name(), earlier, seen, own)
	err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
		path, _ := filepath.Rel(folder, file)
		must(err == nil, "%v", err)
		must(entry.IsDir() || own[path], "`%s` is no part of the log", path)
		return nil
	})
	must(err == nil, "%v", err)
	return fmt.Sprintf("ok %d %s", tree.N, tree.Hash)
}

// The answer for one trail, and whether it is sound.
func verdict(args []string) (said string, sound bool) {
	defer func() {
		if found := recover(); found != nil {
			said = string(found.(wrong)) // Anything else is a fault of this program and goes on.
		}
	}()
	must(len(args) == 2 || len(args) == 3, "usage: verify FOLDER --client CLIENT-FILE, or verify FOLDER VKEY-FILE [SEEN-CHECKPOINT], or verify --many LIST")
	return verify(args[0], args[1], args[2:]...), true
}

func main() {
	if args := os.Args[1:]; len(args) != 2 || args[0] != "--many" {
		said, sound := verdict(args)
		fmt.Println(said)
		if !sound {
			os.Exit(1)
		}
		return
	}
	list, err := os.ReadFile(os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, line := range strings.Split(strings.TrimSuffix(string(list), "\n"), "\n") {
		said, _ := verdict(strings.Split(line, "\t"))
		fmt.Println(said)
	}
}
