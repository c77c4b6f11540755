//! Keys, certificates and password hashes. Native rendering has none of them yet: a chart that makes its secrets
//! itself gives another secret each time. The names are known so that a chart which only could call one is rendered.

use super::{Context, Function, Takes};
use crate::helm::fault::{Answer, Fault};
use crate::helm::value::Value;

use Takes::Any;

macro_rules! refused {
    ($($name:literal)*) => {
        &[$(Function::new($name, &[], refuse).and_more(Any)),*]
    };
}

pub(super) static FUNCTIONS: &[Function] = refused![
    "bcrypt" "buildCustomCert" "decryptAES" "derivePassword" "encryptAES" "genCA" "genCAWithKey" "genPrivateKey"
    "genSelfSignedCert" "genSelfSignedCertWithKey" "genSignedCert" "genSignedCertWithKey" "htpasswd"
];

fn refuse(context: &mut Context, _: &[Value]) -> Answer<Value> {
    Err(Fault::NotReproducible {
        function: context.function.to_owned(),
        gives: "a secret",
        help: "give the secret or the certificate in the values, or let an operator in the cluster make it",
    })
}
