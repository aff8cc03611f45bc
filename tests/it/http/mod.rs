//! The panel over HTTP, on a real socket.

mod calls;
mod csrf;
mod doors;
mod fuzz;
mod limits;
mod live;
mod pages;
mod races;
mod tls;
mod unix;
mod walk;
