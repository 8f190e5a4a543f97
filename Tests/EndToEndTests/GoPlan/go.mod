module example.com/goplan

go 1.17

require (
	example.com/wire v0.0.0
	nhooyr.io/websocket v1.8.7
)

require github.com/klauspost/compress v1.10.3 // indirect

replace example.com/wire => ./wire
