package main

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"regexp"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// userData is the input and output of an Instance that 6.x stores as it is, and 5.x as its SHA-1.
const userData = "userData"

var hash = regexp.MustCompile("^[0-9a-f]{40}$")

// inClear gives programs user data in clear, as 6.x does, and the provider their hash, which it compares with.
type inClear struct {
	pulumirpc.ResourceProviderServer
}

func (c inClear) Create(ctx context.Context, request *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	response, err := c.ResourceProviderServer.Create(ctx, request)
	reveal(response.GetProperties(), request.Properties)
	return response, err
}

func (c inClear) Read(ctx context.Context, request *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	before := request.Properties
	request.Properties = hashed(request.Urn, before)
	response, err := c.ResourceProviderServer.Read(ctx, request)
	reveal(response.GetProperties(), before)
	reveal(response.GetInputs(), before)
	return response, err
}

func (c inClear) Diff(ctx context.Context, request *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	request.Olds = hashed(request.Urn, request.Olds)
	return c.ResourceProviderServer.Diff(ctx, request)
}

func (c inClear) Update(ctx context.Context, request *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	request.Olds = hashed(request.Urn, request.Olds)
	response, err := c.ResourceProviderServer.Update(ctx, request)
	reveal(response.GetProperties(), request.News)
	return response, err
}

func (c inClear) Delete(ctx context.Context, request *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	request.Properties = hashed(request.Urn, request.Properties)
	return c.ResourceProviderServer.Delete(ctx, request)
}

// reveal puts user data in the place of their hash.
func reveal(properties, before *structpb.Struct) {
	data := before.GetFields()[userData]
	if has := properties.GetFields()[userData]; data != nil && has.GetStringValue() == sum(data) {
		properties.Fields[userData] = data
	}
}

// hashed are properties with the hash in the place of an Instance's user data.
func hashed(urn string, properties *structpb.Struct) *structpb.Struct {
	data := properties.GetFields()[userData]
	if resource.URN(urn).Type() != instance || data.GetStringValue() == "" || hash.MatchString(data.GetStringValue()) {
		return properties
	}
	with := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	for name, value := range properties.Fields {
		with.Fields[name] = value
	}
	with.Fields[userData] = structpb.NewStringValue(sum(data))
	return with
}

func sum(data *structpb.Value) string {
	digest := sha1.Sum([]byte(data.GetStringValue()))
	return hex.EncodeToString(digest[:])
}
