// Verifies our checkpoints and tiles with golang.org/x/mod/sumdb/note and tlog, cosignatures with
// transparency-dev/formats, exported policies with filippo.io/torchwood.
//
// stdin: {"notes": [{"name", "vkey", "note"}],
//
//	"cosigned": [{"name", "vkeys": [witness vkey], "log": vkey, "note"}],
//	"policies": [{"name", "policy", "note"}],
//	"trees": [{"name", "size", "root", "tiles": {"<level>/<index>/<width>": hex}, "records": [hex],
//	           "older": [{"size", "root"}]}]}
//
// stdout: name -> null or the reason of the refusal; for trees also name + " proofs": one list of
// hex hashes for each record and then for each older size.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"filippo.io/torchwood"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// tlog-tiles fixes the height of a tile at 8.
const tileHeight = 8

type noteCase struct{ Name, Vkey, Note string }

type cosignedCase struct {
	Name, Log, Note string
	Vkeys           []string
}

type policyCase struct{ Name, Policy, Note string }

type olderTree struct {
	Size int64
	Root string
}

type treeCase struct {
	Name    string
	Size    int64
	Root    string
	Tiles   map[string]string
	Records []string
	Older   []olderTree
}

func openNote(c noteCase) error {
	verifier, err := note.NewVerifier(c.Vkey)
	if err != nil {
		return err
	}
	_, err = note.Open([]byte(c.Note), note.VerifierList(verifier))
	return err
}

// openCosigned wants the log's line and one of each witness, all good.
func openCosigned(c cosignedCase) error {
	log, err := note.NewVerifier(c.Log)
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{log}
	for _, vkey := range c.Vkeys {
		witness, err := f_note.NewVerifierForCosignatureV1(vkey)
		if err != nil {
			return fmt.Errorf("%s: %w", vkey, err)
		}
		verifiers = append(verifiers, witness)
	}
	opened, err := note.Open([]byte(c.Note), note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(verifiers) {
		return fmt.Errorf("%d of %d signatures", len(opened.Sigs), len(verifiers))
	}
	return nil
}

func openByPolicy(c policyCase) error {
	policy, err := torchwood.ParsePolicy([]byte(c.Policy))
	if err != nil {
		return err
	}
	_, _, err = torchwood.VerifyCheckpoint([]byte(c.Note), policy)
	return err
}

func hashOf(text string) (hash tlog.Hash, err error) {
	bytes, err := hex.DecodeString(text)
	if err == nil && len(bytes) != len(hash) {
		err = fmt.Errorf("hash of %d bytes", len(bytes))
	}
	copy(hash[:], bytes)
	return hash, err
}

type tileReader struct{ tiles map[string]string }

func (r tileReader) Height() int { return tileHeight }

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, tile := range tiles {
		text, found := r.tiles[fmt.Sprintf("%d/%d/%d", tile.L, tile.N, tile.W)]
		if !found {
			return nil, fmt.Errorf("no tile %s", tile.Path())
		}
		bytes, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		out[i] = bytes
	}
	return out, nil
}

func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func hexed(proof []tlog.Hash) []string {
	out := make([]string, len(proof))
	for i, hash := range proof {
		out[i] = hex.EncodeToString(hash[:])
	}
	return out
}

// proveAll proves every record and every older tree from the tiles alone, and checks the proofs.
func proveAll(c treeCase) (proofs [][]string, err error) {
	root, err := hashOf(c.Root)
	if err != nil {
		return nil, err
	}
	reader := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: root}, tileReader{c.Tiles})
	for i, text := range c.Records {
		record, err := hex.DecodeString(text)
		if err != nil {
			return nil, err
		}
		index := int64(i)
		proof, err := tlog.ProveRecord(c.Size, index, reader)
		if err != nil {
			return nil, err
		}
		if err := tlog.CheckRecord(proof, c.Size, root, index, tlog.RecordHash(record)); err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		proofs = append(proofs, hexed(proof))
	}
	for _, older := range c.Older {
		oldRoot, err := hashOf(older.Root)
		if err != nil {
			return nil, err
		}
		proof, err := tlog.ProveTree(c.Size, older.Size, reader)
		if err != nil {
			return nil, err
		}
		if err := tlog.CheckTree(proof, c.Size, root, older.Size, oldRoot); err != nil {
			return nil, fmt.Errorf("tree of %d: %w", older.Size, err)
		}
		proofs = append(proofs, hexed(proof))
	}
	return proofs, nil
}

func reason(err error) any {
	if err == nil {
		return nil
	}
	return err.Error()
}

func main() {
	var request struct {
		Notes    []noteCase
		Cosigned []cosignedCase
		Policies []policyCase
		Trees    []treeCase
	}
	if err := json.NewDecoder(os.Stdin).Decode(&request); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := map[string]any{}
	for _, c := range request.Notes {
		answers[c.Name] = reason(openNote(c))
	}
	for _, c := range request.Cosigned {
		answers[c.Name] = reason(openCosigned(c))
	}
	for _, c := range request.Policies {
		answers[c.Name] = reason(openByPolicy(c))
	}
	for _, c := range request.Trees {
		proofs, err := proveAll(c)
		answers[c.Name] = reason(err)
		answers[c.Name+" proofs"] = proofs
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		os.Exit(1)
	}
}
