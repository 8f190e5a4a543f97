module example.com/wire

go 1.16

require nhooyr.io/websocket v1.8.7
