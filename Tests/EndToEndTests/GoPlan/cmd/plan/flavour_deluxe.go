//go:build deluxe
// +build deluxe

package main

const flavour = "deluxe"
