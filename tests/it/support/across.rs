//! With `MANARA_TEST_HOST=process` the machine of every test is reached as in production: through the host service's
//! socket. Without it, directly.

use manara::platform::Host;
use manara::platform::host_service::{Client, Listen, Patience, Service, serve};
use manara::platform::sockets;
use std::path::Path;
use std::sync::Arc;

/// `host` as the panel is to see it, and the service that has to live as long. The socket is made below `root`.
pub(crate) fn across(host: Arc<dyn Host>, root: &Path) -> (Arc<dyn Host>, Option<Service>) {
    if std::env::var("MANARA_TEST_HOST").is_ok_and(|how| how == "process") {
        let (client, service) = served(host, root, Patience::default());
        (Arc::new(client), Some(service))
    } else {
        (host, None)
    }
}

/// `host` behind a socket below `root`.
pub(crate) fn served(host: Arc<dyn Host>, root: &Path, patience: Patience) -> (Client, Service) {
    let path = root.join("run/h.sock");
    let socket = sockets::listen(&path, None).unwrap();
    let peers = vec![sockets::own_uid()];
    let service = serve(host, Listen { socket, peers, patience }).unwrap();
    (Client::new(path).unwrap(), service)
}
