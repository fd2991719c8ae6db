/// Libraries that stand before others, for what no test can bring about.
extension TemporaryFolder {
    /// Compiles C to a library for `LD_PRELOAD`, and gives its path.
    ///
    /// - Throws: ``CommandError`` with what gcc says.
    package func compileShim(_ source: String) async throws -> String {
        let shim = path("shim.so")
        let compiled = try await BuiltCommand("gcc", in: "/usr/bin")
            .run(["-shared", "-fPIC", "-x", "c", "-o", shim, "-"], input: source)
        guard compiled.exitCode == 0 else { throw CommandError(description: "gcc: \(compiled.errors)") }
        return shim
    }
}
