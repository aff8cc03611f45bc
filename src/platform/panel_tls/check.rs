//! What is wrong with a certificate and a key before anybody is shown them, each at its field.

use super::der::{self, KeyKind};
use super::{CertificateFacts, PanelTls, facts};
use crate::base::clock::Time;
use crate::base::{FieldProblem, Secret};
use rustls::crypto::ring;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Longest text of certificates: a chain with several large ones has a few ten kilobytes.
pub const CERTIFICATE_BYTES_MAX: usize = 64 * 1024;
/// Longest text of a private key: one for RSA with 8192 bits has 6 kilobytes.
pub const KEY_BYTES_MAX: usize = 16 * 1024;
/// Shortest RSA key: browsers and rustls take none below.
const RSA_BITS_MIN: usize = 2048;

/// Certificate (with those above it) and key as a pair that can be used, and what the certificate says. Otherwise every
/// problem, at the fields `certificate` and `key`.
pub fn check(
    certificate: &str,
    key: &Secret<String>,
    now: Time,
) -> Result<(PanelTls, CertificateFacts), Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let pair = PanelTls { certificate: lines(certificate), key: Secret::new(lines(key.expose())) };
    let chain = read_chain(&pair.certificate).map_err(|problem| problems.push(problem)).ok();
    let private = read_key(&pair.key).map_err(|problem| problems.push(problem)).ok();
    let told = chain.as_ref().and_then(|chain| {
        let told = der::facts(&chain[0]);
        match &told {
            Some(told) => problems.extend(flaws(told, now)),
            None => problems.push(at_certificate("certificate_unreadable")),
        }
        told
    });
    // What a broken certificate says of its key says nothing of the key.
    if let (Some(chain), Some(private), Some(told)) = (chain, private, told)
        && told.key != KeyKind::Other
        && let Err(e) = CertifiedKey::from_der(chain, private, &ring::default_provider())
    {
        problems.push(match e {
            rustls::Error::InconsistentKeys(_) => FieldProblem::new("key", "private_key_of_other"),
            // Such as one of version 1 of X.509.
            e @ rustls::Error::InvalidCertificate(_) => at_certificate("certificate_unusable").with("reason", e),
            e => FieldProblem::new("key", "private_key_unusable").with("reason", e),
        });
    }
    match facts(&pair.certificate) {
        Ok(facts) if problems.is_empty() => Ok((pair, facts)),
        _ => Err(problems),
    }
}

/// The text as files have it, without what pasting adds.
fn lines(text: &str) -> String {
    text.trim().lines().map(|line| line.trim().to_owned() + "\n").collect()
}

fn at_certificate(code: &'static str) -> FieldProblem {
    FieldProblem::new("certificate", code)
}

fn read_chain(text: &str) -> Result<Vec<CertificateDer<'static>>, FieldProblem> {
    // It would lie in a file that others may read.
    if text.contains("PRIVATE KEY-----") {
        return Err(at_certificate("certificate_with_key"));
    }
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(at_certificate("certificate_not_pem")),
    }
}

fn read_key(key: &Secret<String>) -> Result<PrivateKeyDer<'static>, FieldProblem> {
    let text = key.expose();
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        let locked = text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED");
        FieldProblem::new("key", if locked { "private_key_locked" } else { "private_key_not_pem" })
    })
}

/// What would make browsers refuse it.
fn flaws(told: &der::Facts, now: Time) -> Vec<FieldProblem> {
    let day = |time: Time| time.rfc3339().chars().take(10).collect::<String>();
    let mut found = Vec::new();
    if now >= told.not_after {
        found.push(at_certificate("certificate_expired").with("day", day(told.not_after)));
    }
    if now < told.not_before {
        found.push(at_certificate("certificate_too_early").with("day", day(told.not_before)));
    }
    match told.key {
        KeyKind::Rsa(bits) if bits < RSA_BITS_MIN => {
            found.push(at_certificate("certificate_key_short").with("bits", bits).with("min", RSA_BITS_MIN));
        }
        KeyKind::Other => found.push(at_certificate("certificate_key_kind")),
        KeyKind::Rsa(_) | KeyKind::Curve => {}
    }
    if told.broken_signature {
        found.push(at_certificate("certificate_signature_weak"));
    }
    if !told.for_servers {
        found.push(at_certificate("certificate_not_for_servers"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::make;
    use super::*;
    use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};

    const NOW: Time = Time(1_800_000_000_000);

    fn codes(certificate: &str, key: &str) -> Vec<(String, String)> {
        let problems = check(certificate, &Secret::new(key.to_owned()), NOW).map(|_| ()).unwrap_err();
        problems.into_iter().map(|problem| (problem.field, problem.code.into_owned())).collect()
    }

    /// The problems of a certificate that was made in another way than usual.
    fn of(alter: impl FnOnce(&mut CertificateParams), key: &KeyPair) -> Vec<(String, String)> {
        let mut params = CertificateParams::new(vec!["panel.example".to_owned()]).unwrap();
        alter(&mut params);
        codes(&params.self_signed(key).unwrap().pem(), &key.serialize_pem())
    }

    fn at(field: &str, code: &str) -> (String, String) {
        (field.to_owned(), code.to_owned())
    }

    #[test]
    fn a_usable_pair_is_told_and_kept_as_it_is() {
        let made = make(&["panel.example".into()]).unwrap();
        let spaced = format!("\n  {}\n\n", made.certificate.trim().replace('\n', "\r\n  "));
        let (pair, facts) = check(&spaced, &made.key, NOW).unwrap();
        assert_eq!(pair.id().unwrap(), made.id().unwrap());
        assert_eq!(pair.certificate, made.certificate.replace("\r\n", "\n"));
        assert!(pair.certified().is_ok() && facts.covers("panel.example"));
    }

    #[test]
    fn texts_that_are_no_pair_are_refused_where_they_stand() {
        let (made, other) = (make(&[]).unwrap(), make(&[]).unwrap());
        let (certificate, key) = (made.certificate.as_str(), made.key.expose().as_str());
        assert_eq!(codes("none", "none"), [at("certificate", "certificate_not_pem"), at("key", "private_key_not_pem")]);
        assert_eq!(codes(key, key), [at("certificate", "certificate_with_key")]);
        assert_eq!(codes(certificate, certificate), [at("key", "private_key_not_pem")]);
        assert_eq!(codes(certificate, other.key.expose()), [at("key", "private_key_of_other")]);
        let locked = key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert_eq!(codes(certificate, &locked), [at("key", "private_key_locked")]);
        let no_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(codes(no_x509, key), [at("certificate", "certificate_unreadable")]);
    }

    #[test]
    fn what_browsers_refuse_is_refused() {
        let key = KeyPair::generate().unwrap();
        let past = of(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1), &key);
        assert_eq!(past, [at("certificate", "certificate_expired")]);
        let future = of(|params| params.not_before = rcgen::date_time_ymd(2900, 1, 1), &key);
        assert_eq!(future, [at("certificate", "certificate_too_early")]);
        let clients = of(|params| params.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth), &key);
        assert_eq!(clients, [at("certificate", "certificate_not_for_servers")]);
        let unknown = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        assert_eq!(of(|_| {}, &unknown), [at("certificate", "certificate_key_kind")]);
    }

    #[test]
    fn a_certificate_of_version_1_is_not_blamed_on_the_key() {
        // openssl x509 -req -signkey KEY -days 36500, with a P-256 key and nothing of version 3
        let old = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/version_1_certificate.pem"));
        let key = make(&[]).unwrap().key;
        assert_eq!(codes(old, key.expose()), [at("certificate", "certificate_unusable")]);
    }

    #[test]
    fn a_short_key_and_a_broken_signature_are_refused() {
        // openssl req -x509 -newkey rsa:1024 -sha1 -days 36500 -nodes -subj /CN=weak
        let weak = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/weak_certificate.pem"));
        let found = codes(weak, make(&[]).unwrap().key.expose());
        assert!(found.contains(&at("certificate", "certificate_key_short")), "{found:?}");
        assert!(found.contains(&at("certificate", "certificate_signature_weak")), "{found:?}");
    }
}
