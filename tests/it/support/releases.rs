//! Where releases are published: a folder behind TLS, on a server that can be told to misbehave.

use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// What the server does instead of answering as it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Odd {
    /// Sends zeros without end for paths that end so.
    Endless(&'static str),
    /// Leads elsewhere.
    Elsewhere(String),
    /// Announces more than it sends, for paths that end so.
    Half(&'static str),
}

/// The server; it ends with the test.
pub(crate) struct Releases {
    pub(crate) url: String,
    /// Its certificate, as PEM.
    pub(crate) authority: String,
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    tls: Option<Arc<ServerConfig>>,
    asked: Mutex<Vec<String>>,
    odd: Mutex<Option<Odd>>,
}

impl Releases {
    /// Serves `folder`, over TLS or, on loopback only, plain.
    pub(crate) fn serve(folder: &Path, tls: bool) -> Releases {
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let config = tls.then(|| {
            let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
            let chain = vec![CertificateDer::from(pair.cert.der().to_vec())];
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
            Arc::new(builder.with_no_client_auth().with_single_cert(chain, key.into()).unwrap())
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let scheme = if tls { "https" } else { "http" };
        let url = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let shared = Shared { folder: folder.to_owned(), tls: config, asked: Mutex::default(), odd: Mutex::default() };
        let shared = Arc::new(shared);
        let serving = shared.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = serving.clone();
                // A client that hangs up is what some tests are about.
                std::thread::spawn(move || drop(shared.connection(stream)));
            }
        });
        Releases { url, authority: pair.cert.pem(), shared }
    }

    /// From now on it behaves so.
    pub(crate) fn behaves(&self, odd: Option<Odd>) {
        *self.shared.odd.lock().unwrap() = odd;
    }

    /// The paths that were asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }
}

impl Shared {
    fn connection(&self, stream: TcpStream) -> std::io::Result<()> {
        match &self.tls {
            Some(tls) => {
                let connection = ServerConnection::new(tls.clone()).map_err(std::io::Error::other)?;
                self.requests(StreamOwned::new(connection, stream))
            }
            None => self.requests(stream),
        }
    }

    fn requests(&self, stream: impl Read + Write) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut first = String::new();
        stream.read_line(&mut first)?;
        let mut line = String::new();
        while stream.read_line(&mut line)? > 2 {
            line.clear();
        }
        let path = first.split(' ').nth(1).ok_or(ErrorKind::InvalidData)?.to_owned();
        self.asked.lock().unwrap().push(path.clone());
        let odd = self.odd.lock().unwrap().clone();
        let file = std::fs::read(self.folder.join(path.trim_start_matches('/')));
        let stream = stream.get_mut();
        let mut head =
            |status: &str, more: String| write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\n{more}\r\n");
        match (odd, file) {
            (Some(Odd::Elsewhere(url)), _) => {
                head("302 Found", format!("Location: {url}{path}\r\nContent-Length: 0\r\n"))
            }
            (Some(Odd::Endless(end)), _) if path.ends_with(end) => {
                head("200 OK", String::new())?;
                loop {
                    stream.write_all(&[0; 64 * 1024])?;
                }
            }
            (Some(Odd::Half(end)), Ok(bytes)) if path.ends_with(end) => {
                head("200 OK", format!("Content-Length: {}\r\n", bytes.len()))?;
                stream.write_all(&bytes[..bytes.len() / 2])
            }
            (_, Ok(bytes)) => {
                head("200 OK", format!("Content-Length: {}\r\n", bytes.len()))?;
                stream.write_all(&bytes)?;
                stream.flush()
            }
            (_, Err(_)) => head("404 Not Found", "Content-Length: 0\r\n".into()),
        }
    }
}
