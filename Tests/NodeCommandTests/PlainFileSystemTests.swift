import Foundation
import RhizomeTesting
import Testing

/// File systems that have no hard links, don't synchronize folders and know no modes, as FAT, FUSE and network ones.
@Suite struct PlainFileSystemTests {
    /// Answers with the error `LINK_ERROR` where a link is to be made, a folder synchronized, or a mode set.
    private static let plainFileSystem = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdlib.h>
        #include <sys/stat.h>

        static int refuse(int number) { errno = number; return -1; }
        static int wanted(void) { return atoi(getenv("LINK_ERROR")); }
        int link(const char *from, const char *to) { return refuse(wanted()); }
        int linkat(int a, const char *from, int b, const char *to, int flags) { return refuse(wanted()); }
        int fchmod(int descriptor, mode_t mode) { return refuse(EPERM); }
        int fsync(int descriptor) {
            struct stat info;
            if (fstat(descriptor, &info) == 0 && S_ISDIR(info.st_mode)) return refuse(EINVAL);
            return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(descriptor);
        }
        """

    @Test(
        "an identity is made, replaced, trusts and runs, whatever the file system says to a hard link",
        arguments: [EPERM, EOPNOTSUPP, ENOSYS, EINVAL, EMLINK, EXDEV]
    )
    func identities(number: Int32) async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let plain = [
                    "LD_PRELOAD": try await folder.compileShim(Self.plainFileSystem), "LINK_ERROR": "\(number)",
                ]
                let home = try NodeHome("alice", in: folder)
                func keys(_ arguments: String...) async throws -> BuiltCommand.Outcome {
                    try await home.keys.run(arguments + ["--home", home.path], environment: plain)
                }
                let made = try await keys("generate", "--no-passphrase")
                #expect(made.exitCode == 0, "\(made.errors)")
                #expect(try folder.mode(of: "alice/identity.key") == 0o600)
                // Still nothing is overwritten.
                let secret = FileManager.default.contents(atPath: home.path + "/identity.key")
                let again = try await keys("generate", "--no-passphrase")
                #expect(again.exitCode == 1)
                #expect(again.errors.contains("exists"), "\(again.errors)")
                let peer = "did:key:z6MkfY3RuB9vUCAzMGKBEPhNHRVDJCJmk53QDL9wp24Ke16X"
                #expect(try await keys("trust", peer, "--name", "bob").exitCode == 0)
                try await home.running(plain) { node in
                    let written = try await node.put("/api/user/a", #"{"name": "A"}"#)
                    #expect(written.status == 200)
                }
                #expect(try folder.mode(of: "alice/data/trust.seen") == 0o600)
                let replaced = try await keys("generate", "--no-passphrase", "--force")
                #expect(replaced.exitCode == 0, "\(replaced.errors)")
                let names = try FileManager.default.contentsOfDirectory(atPath: home.path)
                #expect(!names.contains { $0.hasSuffix(".tmp") || $0.hasSuffix(".new") }, "\(names)")
                let aside = try #require(names.first { $0.hasPrefix("identity.key.") })
                #expect(FileManager.default.contents(atPath: home.path + "/" + aside) == secret)
                #expect(names.contains { $0.hasPrefix("trust.journal.") })
                #expect(try await keys("verify").exitCode == 0)
            }
        }
    }
}
