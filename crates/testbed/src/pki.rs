//! Keys and certificates of one cluster: throw-away, on disk only inside the run folder.

use std::{fs, path::Path};

use anyhow::Context;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// Names under which the API server is reached, by us and from inside the cluster.
const SERVER_NAMES: [&str; 6] = [
    "localhost",
    "127.0.0.1",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    crate::control_plane::SERVICE_IP,
];

/// A certificate and its private key in PEM.
#[derive(Clone)]
pub(crate) struct Credential {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

/// Whether an issued client certificate is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Accepted.
    Valid,
    /// Its time ended years ago.
    Expired,
}

/// The certificate authority of one cluster.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    pub(crate) fn new(cluster: &str) -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = name(&format!("seaway-testbed-{cluster}"), None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate })
    }

    /// The authority's own certificate in PEM.
    pub(crate) fn certificate(&self) -> &str {
        &self.certificate
    }

    fn serving(&self) -> anyhow::Result<Credential> {
        let params = CertificateParams::new(SERVER_NAMES.map(str::to_owned))?;
        self.issue(params, name("kube-apiserver", None), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client certificate for a user and, when given, a group.
    pub(crate) fn client(&self, user: &str, group: Option<&str>, validity: Validity) -> anyhow::Result<Credential> {
        let mut params = CertificateParams::new(Vec::new())?;
        if validity == Validity::Expired {
            params.not_before = date_time_ymd(2001, 1, 1);
            params.not_after = date_time_ymd(2002, 1, 1);
        }
        self.issue(params, name(user, group), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(
        &self,
        mut params: CertificateParams,
        name: DistinguishedName,
        usage: ExtendedKeyUsagePurpose,
    ) -> anyhow::Result<Credential> {
        let key = KeyPair::generate()?;
        params.distinguished_name = name;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Credential { certificate, key: key.serialize_pem() })
    }

    /// Writes what the API server and the controller manager read from files.
    pub(crate) fn write_server_files(&self, folder: &Path) -> anyhow::Result<()> {
        let serving = self.serving()?;
        let service_accounts = KeyPair::generate()?;
        for (file, text) in [
            ("ca.crt", self.certificate.as_str()),
            ("apiserver.crt", &serving.certificate),
            ("apiserver.key", &serving.key),
            ("service-accounts.key", &service_accounts.serialize_pem()),
            ("service-accounts.pub", &service_accounts.public_key_pem()),
        ] {
            let path = folder.join(file);
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

fn name(common_name: &str, organization: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if let Some(organization) = organization {
        name.push(DnType::OrganizationName, organization);
    }
    name.push(DnType::CommonName, common_name);
    name
}
