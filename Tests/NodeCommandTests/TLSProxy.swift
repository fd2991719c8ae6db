import Foundation
import RhizomeTesting
import Testing

/// nginx as the README sets it up in front of a node, with a certificate of its own, asked as a browser would.
struct TLSProxy: Sendable {
    /// What the README calls it.
    static let host = "db.example.org"

    /// Where it listens: an address that nobody else has, so the port is free.
    private let address: String
    private let certificate: String

    /// Runs one for the time of `body`.
    static func running<Result: Sendable>(
        before node: RunningNode,
        _ body: @Sendable (TLSProxy) async throws -> Result
    ) async throws -> Result {
        try await withTemporaryFolder { folder in
            let proxy = TLSProxy(
                address: "\(LoopbackHost.next()):8443",
                certificate: folder.path("certificate.pem")
            )
            let key = folder.path("key.pem")
            try await proxy.makeCertificate(key: key)
            // Where root starts it, other users do the work, and put large bodies here.
            try folder.setMode(0o711, of: "")
            let configuration = folder.path("nginx.conf")
            try await proxy.configuration(in: folder, before: node, key: key)
                .write(toFile: configuration, atomically: true, encoding: .utf8)
            let (result, _) = try await BuiltCommand("nginx", in: "/usr/sbin")
                .withRunning(["-e", "stderr", "-c", configuration]) { command in
                    // It listens before it starts those who do the work.
                    _ = try await command.errors.line { $0.contains("start worker process ") }
                    let result = try await body(proxy)
                    command.signal(SIGTERM)
                    try await command.end()
                    return result
                }
            return result
        }
    }

    private func makeCertificate(key: String) async throws {
        let outcome = try await BuiltCommand("openssl", in: "/usr/bin").run([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj", "/CN=\(Self.host)", "-addext", "subjectAltName=DNS:\(Self.host)", "-keyout", key,
            "-out", certificate,
        ])
        try #require(outcome.exitCode == 0, "openssl: \(outcome.errors)")
    }

    /// The README's words, but for the places that a test can't have.
    private func configuration(in folder: TemporaryFolder, before node: RunningNode, key: String) async throws -> String
    {
        let readme = try String(contentsOf: TestFiles.root.appending(path: "README.md"), encoding: .utf8)
        var server = readme.split(separator: "```nginx\n").last?.split(separator: "```").first.map(String.init) ?? ""
        for (told, here) in [
            ("listen 443 ssl;", "listen \(address) ssl;"), ("/etc/ssl/certs/db.example.org.pem", certificate),
            ("/etc/ssl/private/db.example.org.key", key), ("127.0.0.1:3000", node.http),
        ] {
            try #require(server.contains(told), "the README doesn't say: \(told)")
            server.replace(told, with: here)
        }
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(folder.path($0));" }
        return """
            daemon off;
            worker_processes 1;
            pid \(folder.path("pid"));
            error_log stderr notice;
            events {}
            http {
            access_log off;
            \(temporary.joined(separator: "\n"))
            \(server)
            }
            """
    }

    /// What it answers a client that takes it for the host on the port of https.
    func ask(_ path: String, _ options: String...) async throws -> (status: Int, body: String) {
        try await ask(path, options)
    }

    /// The same, with a body for curl to read.
    func ask(_ path: String, _ options: [String], input: String = "") async throws -> (status: Int, body: String) {
        try await curl(
            "https://\(Self.host)\(path)",
            ["--connect-to", "\(Self.host):443:\(address)", "--cacert", certificate] + options,
            input: input
        )
    }
}
