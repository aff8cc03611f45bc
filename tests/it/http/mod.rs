//! The panel over HTTP, on a real socket.

mod limits;
