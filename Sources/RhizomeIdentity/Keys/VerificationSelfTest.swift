internal import Bytes
internal import SignedStatements
internal import Sodium

/// Tells whether the installed libsodium verifies by the pinned rule, on which all nodes must agree (spec: identity.md).
///
/// Versions differ: newer ones accept signatures that only the cofactored equation fulfils, and older ones held some
/// points outside the main subgroup to be fine (CVE-2025-69277). Their version numbers don't tell.
public enum VerificationSelfTest {
    private struct Case: Sendable {
        let what: String
        let key: String
        let message: String
        let signature: String
        let isValid: Bool

        init(_ what: String, key: String, message: String, signature: String, isValid: Bool) {
            self.what = what
            self.key = key
            self.message = message
            self.signature = signature
            self.isValid = isValid
        }
    }

    // From Tests/Vectors/ed25519-rule.json.
    private static let signatures = [
        Case(
            "plain 0",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "",
            signature: "a1417193cb5810afd78dd92087e34d96a4e10045ccfcd49179a8e8259d211a82"
                + "f681f1fdffe00647622052bfbbeffbb86171f48674d7d5b9f111dec274049d01",
            isValid: true
        ),
        Case(
            "plain 1",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "m",
            signature: "30d620b12272f60e4658219e7c1e0a0337eb142a2cda337e9e6175a7bb38f723"
                + "b489768d230112dbd660be84a797838708c2f04d738d0bb5fedd0a8401bd7402",
            isValid: true
        ),
        Case(
            "S + L",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "m",
            signature: "30d620b12272f60e4658219e7c1e0a0337eb142a2cda337e9e6175a7bb38f723"
                + "a15d6cea3d642433adfdb5278691629c08c2f04d738d0bb5fedd0a8401bd7412",
            isValid: false
        ),
        Case(
            "high bit of S",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "m",
            signature: "30d620b12272f60e4658219e7c1e0a0337eb142a2cda337e9e6175a7bb38f723"
                + "b489768d230112dbd660be84a797838708c2f04d738d0bb5fedd0a8401bd7482",
            isValid: false
        ),
        Case(
            "all zeros",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "m",
            signature: "0000000000000000000000000000000000000000000000000000000000000000"
                + "0000000000000000000000000000000000000000000000000000000000000000",
            isValid: false
        ),
        Case(
            "another message",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "n",
            signature: "30d620b12272f60e4658219e7c1e0a0337eb142a2cda337e9e6175a7bb38f723"
                + "b489768d230112dbd660be84a797838708c2f04d738d0bb5fedd0a8401bd7402",
            isValid: false
        ),
        Case(
            "another key",
            key: "bae0f58c75c5ed001927be14f34aa3e042cf64231848bc2fc3129cb94b14c3ba",
            message: "m",
            signature: "30d620b12272f60e4658219e7c1e0a0337eb142a2cda337e9e6175a7bb38f723"
                + "b489768d230112dbd660be84a797838708c2f04d738d0bb5fedd0a8401bd7402",
            isValid: false
        ),
        Case(
            "author of small order (identity)",
            key: "0100000000000000000000000000000000000000000000000000000000000000",
            message: "m",
            signature: "0100000000000000000000000000000000000000000000000000000000000000"
                + "0000000000000000000000000000000000000000000000000000000000000000",
            isValid: false
        ),
        Case(
            "author of small order (order 8)",
            key: "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            message: "m",
            signature: "0100000000000000000000000000000000000000000000000000000000000000"
                + "0000000000000000000000000000000000000000000000000000000000000000",
            isValid: false
        ),
        Case(
            "R with a component of small order (order 8)",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "m",
            signature: "cdbc161be64c4302f56443ff29ccf36a2075be1a1fa67ff126b56315f5681c38"
                + "2b19f549695b3589f1b69793dda696c054ddb93f86ac622a5ec12c007cfc2d02",
            isValid: false
        ),
        Case(
            "R with a component of small order (order 2)",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "m",
            signature: "feaf9d07b868cc52786305312c376563c622b0386a10d105e3c1501b28d65f7e"
                + "1b28f898b133370e704ac4d5132446747fd7fea39e055ab91e85abdc9280bc0d",
            isValid: false
        ),
        Case(
            "author of mixed order, only cofactored rules accept",
            key: "622c4da310b59e79da464199e460a9e3ca5aa019a60d11c922f98ed7df3c39de",
            message: "mixed 3",
            signature: "158b77c20d98c3f9a03d17f8d1be949e8ebd12198ad5c8e26581d1fc5c13572c"
                + "99d9674bed14c51931800ed6abe55a4ddb140e0f85cb45b0edbc74514ccea705",
            isValid: false
        ),
        Case(
            "author of mixed order",
            key: "622c4da310b59e79da464199e460a9e3ca5aa019a60d11c922f98ed7df3c39de",
            message: "mixed 10",
            signature: "7822953259a877fff24e93f86914d693a2eba7ac5a92fbb9c01ad9c5280c3513"
                + "92f2b6aaa98454b474a10fd54400cd6d05ff3475a91f7e5fc406d9e5d98f6e09",
            isValid: true
        ),
        Case(
            "R not canonical (p + 1)",
            key: "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8",
            message: "m",
            signature: "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
                + "b489768d230112dbd660be84a797838708c2f04d738d0bb5fedd0a8401bd7402",
            isValid: false
        ),
        Case(
            "author not canonical (p + 1)",
            key: "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            message: "m",
            signature: "30d620b12272f60e4658219e7c1e0a0337eb142a2cda337e9e6175a7bb38f723"
                + "b489768d230112dbd660be84a797838708c2f04d738d0bb5fedd0a8401bd7402",
            isValid: false
        ),
    ]

    private static let keys: [(what: String, key: String, isAcceptable: Bool)] = [
        ("a plain key", "101553a52834e72e07a6a798d465910b81db70b4c79bd129ec621ec538be6ac8", true),
        ("order 1", "0100000000000000000000000000000000000000000000000000000000000000", false),
        ("order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false),
        ("order 4", "0000000000000000000000000000000000000000000000000000000000000000", false),
        ("order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", false),
        ("mixed order (8)", "622c4da310b59e79da464199e460a9e3ca5aa019a60d11c922f98ed7df3c39de", false),
        // The plain key plus the point of order 2: what CVE-2025-69277 let through.
        ("mixed order (2)", "ddeaac5ad7cb18d1f85958672b9a6ef47e248f4b38642ed6139de13ac7419537", false),
        ("not canonical", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false),
    ]

    /// Runs the cases, which takes about two milliseconds.
    ///
    /// The node calls it at start, and doesn't run where it throws.
    ///
    /// - Throws: ``IdentityError`` `wrongLibrary`, naming the case.
    public static func run() throws(IdentityError) {
        for entry in signatures {
            guard let key = Hex.decode(entry.key).flatMap({ Bytes32($0) }), let signature = Hex.decode(entry.signature)
            else { preconditionFailure("the embedded cases are hexadecimal") }
            let verdict = Ed25519.isValid(signature: signature, over: Array(entry.message.utf8), by: key)
            guard verdict == entry.isValid else { throw wrong("signature: \(entry.what)") }
        }
        for entry in keys {
            guard let key = Hex.decode(entry.key).flatMap({ PublicKey($0) }) else {
                preconditionFailure("the embedded keys are hexadecimal")
            }
            guard key.isAcceptable == entry.isAcceptable, (key.transportKey != nil) == entry.isAcceptable else {
                throw wrong("key: \(entry.what)")
            }
        }
    }

    private static func wrong(_ what: String) -> IdentityError {
        IdentityError(
            .wrongLibrary,
            "the libsodium in use verifies by another rule than the network's (\(what)); "
                + "install libsodium 1.0.18-1+deb12u1 or a release that keeps its rule"
        )
    }
}
