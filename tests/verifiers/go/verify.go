// Checks a trail as it was handed over, with the code of Go's own checksum database and nothing of the
// host's. Go and that code are Debian's packages `golang-go` and `golang-golang-x-mod-dev`:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build verify.go
//	./verify FOLDER VKEY-FILE [SEEN-CHECKPOINT]
//	./verify --many LIST
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
var goesOn = regexp.MustCompile(`^\{"seq":([1-9][0-9]*),"time_ms":[0-9]+,"kind":"restore",.*"before":\{`)

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

func verifier(file string) note.Verifier {
	text := strings.TrimSuffix(string(read(file)), "\n")
	key, err := note.NewVerifier(text)
	must(err == nil, "`%s`: %v", file, err)
	spelled := fmt.Sprintf("%s+%08x+", key.Name(), key.KeyHash())
	must(strings.HasPrefix(text, spelled), "`%s`: its id is spelled in another way", file)
	return key
}

func checkpoint(file string, key note.Verifier) tlog.Tree {
	signed := read(file)
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

func verify(folder, vkey string, seen ...string) string {
	key := verifier(vkey)
	tree := checkpoint(filepath.Join(folder, "checkpoint"), key)
	own := map[string]bool{"checkpoint": true}
	var all hashes
	first, place := uint64(0), int64(0)
	for index := int64(0); index*256 < tree.N; index++ {
		path, tile := tile(-1, index, tree.N)
		own[path] = true
		for _, entry := range bundle(path, read(filepath.Join(folder, path)), tile.W) {
			if number := goesOn.FindSubmatch(entry); place == 0 && number != nil {
				first, _ = strconv.ParseUint(string(number[1]), 10, 64)
			}
			isControl := func(r rune) bool { return r < 0x20 || r == 0x7f }
			isLine := utf8.Valid(entry) && bytes.IndexFunc(entry, isControl) < 0 && json.Valid(entry)
			must(isLine, "`%s`: entry %d is not one line of JSON", path, place)
			begin := fmt.Sprintf(`{"seq":%d,`, first+uint64(place))
			must(bytes.HasPrefix(entry, []byte(begin)), "`%s`: entry %d does not begin with %s", path, place, begin)
			more, err := tlog.StoredHashes(place, entry, all)
			must(err == nil, "%v", err)
			all, place = append(all, more...), place+1
		}
	}
	must(all.root(tree.N) == tree.Hash, "the %d entries do not hash to the checkpoint's root", tree.N)
	for level, items := 0, tree.N; items > 0; level, items = level+1, items/256 {
		for index := int64(0); index*256 < items; index++ {
			path, tile := tile(level, index, items)
			own[path] = true
			want, err := tlog.ReadTileData(tile, all)
			same := err == nil && bytes.Equal(read(filepath.Join(folder, path)), want)
			must(same, "`%s` does not hold the hashes of the entries", path)
		}
	}
	for _, file := range seen {
		seen := checkpoint(file, key)
		must(seen.N <= tree.N, "rolled back: it is over %d entries, and one over %d was seen", tree.N, seen.N)
		must(all.root(seen.N) == seen.Hash, "forked: the first %d entries are not those that were seen", seen.N)
	}
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
	must(len(args) == 2 || len(args) == 3, "usage: verify FOLDER VKEY-FILE [SEEN-CHECKPOINT], or verify --many LIST")
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
