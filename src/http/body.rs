//! Bodies of answers: whole, or sent piece by piece.

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Body {
    /// All of it; leaves in one write together with the head.
    Whole(Bytes),
    /// Pieces as they come; ends when the sender goes.
    Pieces {
        /// Where they come from.
        pieces: mpsc::Receiver<Result<Bytes, Broken>>,
        /// Kept as long as the body: its connection is in use until then.
        held: Option<Box<dyn Any + Send>>,
    },
}

/// An answer that cannot be finished: the connection is cut, so that nobody takes the part for the whole.
#[derive(Debug)]
pub(super) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer broke off")
    }
}

impl std::error::Error for Broken {}

impl Body {
    /// Nothing.
    pub(super) fn empty() -> Self {
        Body::Whole(Bytes::new())
    }

    /// A body of pieces.
    pub(super) fn pieces(pieces: mpsc::Receiver<Result<Bytes, Broken>>) -> Self {
        Body::Pieces { pieces, held: None }
    }

    /// Keeps `thing` until the last piece is sent; a whole body is as good as sent.
    pub(super) fn hold(&mut self, thing: impl Any + Send) {
        if let Body::Pieces { held, .. } = self {
            *held = Some(Box::new(thing));
        }
    }

    /// All of it, where it is not sent piece by piece.
    pub(super) fn whole(&self) -> Option<&Bytes> {
        match self {
            Body::Whole(bytes) => Some(bytes),
            Body::Pieces { .. } => None,
        }
    }

    /// Length in bytes, where it is known.
    pub(super) fn length(&self) -> Option<usize> {
        self.whole().map(Bytes::len)
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        match &mut *self {
            Body::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Body::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Body::Pieces { pieces, .. } => pieces.poll_recv(cx).map(|piece| piece.map(|p| p.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, |n| SizeHint::with_exact(u64::try_from(n).unwrap_or(u64::MAX)))
    }
}
