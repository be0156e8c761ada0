// Calls operations of Harbor's own Go client library (goharbor/go-client), the one that Harbor's command line and its
// Terraform provider are made with: one JSON object per line in, one per line out.
//
//	{"operation": "Project.GetProject", "params": {"ProjectNameOrID": "library"}}
//	{"answer": "GetProjectOK", "value": {"Payload": {"name": "library"}}}
//
// Parameters have the names of the library's own structures; a name it does not know is refused, so that no test can
// send what no client of it could. Server and login stand in HARBOR_URL, HARBOR_USERNAME and HARBOR_PASSWORD.
// With the argument "operations" it only lists all that the library has.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/goharbor/go-client/pkg/harbor"
)

type call struct {
	Operation string          `json:"operation"`
	Params    json.RawMessage `json:"params"`
}

type reply struct {
	Answer string `json:"answer"`          // the type of what the library returned, such as GetProjectOK
	Error  string `json:"error,omitempty"` // its error in words, if it returned one
	Value  any    `json:"value"`           // its fields: the payload, and the headers it reads
}

func main() {
	clients, err := harbor.NewClientSet(&harbor.ClientSetConfig{
		URL:      os.Getenv("HARBOR_URL"),
		Username: os.Getenv("HARBOR_USERNAME"),
		Password: os.Getenv("HARBOR_PASSWORD"),
	})
	if err != nil {
		fail(err)
	}
	nouns := reflect.ValueOf(clients.V2()).Elem()
	if len(os.Args) > 1 && os.Args[1] == "operations" {
		list(nouns)
		return
	}
	calls, replies := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked call
		if err := calls.Decode(&asked); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			fail(err)
		}
		made, err := do(nouns, asked)
		if err != nil {
			fail(fmt.Errorf("%s: %w", asked.Operation, err))
		}
		if err := replies.Encode(made); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

// list prints Noun.Verb, one a line.
func list(nouns reflect.Value) {
	for number := range nouns.NumField() {
		noun := nouns.Type().Field(number)
		if noun.Type.Kind() != reflect.Pointer {
			continue // the transport beside the nouns
		}
		for verb := range noun.Type.NumMethod() {
			fmt.Printf("%s.%s\n", noun.Name, noun.Type.Method(verb).Name)
		}
	}
}

// do finds the operation by its name and calls it; the error says that there is none, or that it has no such parameter.
func do(nouns reflect.Value, asked call) (reply, error) {
	noun, verb, _ := strings.Cut(asked.Operation, ".")
	client := nouns.FieldByName(noun)
	if !client.IsValid() {
		return reply{}, errors.New("the library has no such noun")
	}
	method := client.MethodByName(verb)
	if !method.IsValid() {
		return reply{}, errors.New("the library has no such operation")
	}
	if method.Type().NumIn() != 2 {
		return reply{}, errors.New("the operation writes to a stream, which this program does not do")
	}
	params := reflect.New(method.Type().In(1).Elem())
	given := json.NewDecoder(bytes.NewReader(asked.Params))
	given.DisallowUnknownFields()
	if err := given.Decode(params.Interface()); err != nil {
		return reply{}, err
	}
	return told(method.Call([]reflect.Value{reflect.ValueOf(context.Background()), params})), nil
}

// told picks what was answered among the results: one pointer for each success the library knows, and an error.
func told(results []reflect.Value) reply {
	last := len(results) - 1
	if err, failed := results[last].Interface().(error); failed {
		return reply{Answer: reflect.Indirect(results[last].Elem()).Type().Name(), Error: err.Error(), Value: fields(err)}
	}
	for _, result := range results[:last] {
		if !result.IsNil() {
			return reply{Answer: result.Elem().Type().Name(), Value: result.Interface()}
		}
	}
	return reply{Error: "the library returned nothing"}
}

// fields is the error as a value, or nil for one that holds more than data (a status that the library does not know).
func fields(err error) any {
	if _, wrong := json.Marshal(err); wrong != nil {
		return nil
	}
	return err
}
