import Foundation
import RhizomeTesting
import Testing

/// A disk that is full or can't be written while the node runs.
@Suite(.timeLimit(.minutes(5))) struct DiskFaultTests {
    /// What switches a fault on and off.
    private typealias Switch = @Sendable (_ isOn: Bool) async throws -> Void

    /// Writes, breaks the disk, and mends it, with a peer that goes on writing.
    private static func check(_ alice: NodeHome, _ bob: NodeHome, _ node: RunningNode, _ fault: Switch) async throws {
        try await bob.running { bobs in
            #expect(try await node.put("/api/note/1", #"{"text": "one"}"#).status == 200)
            try await eventually("bob holds it") { try await bobs.count == 1 }
            try await fault(true)
            for number in 2...6 {
                let answer = try await node.put("/api/note/\(number)", #"{"text": "lost"}"#)
                #expect(answer.status == 503 && answer.body.contains(#""error":"disk""#), "\(answer)")
                #expect(try await bobs.put("/api/note/b\(number)", #"{"text": "bob's"}"#).status == 200)
            }
            #expect(try await node.ask("/api/note/1").status == 200)
            #expect(try await node.ask("/api/note/2").status == 404)
            #expect(try await node.ask("/api/health").status == 200)
            #expect(try await node.count == 1)
            let told = await node.logged("level=error")
            #expect(told.count == 1 && told.first?.contains("the store fails") == true, "\(told)")

            try await fault(false)
            let start = ContinuousClock.now
            #expect(try await node.put("/api/note/7", #"{"text": "seven"}"#).status == 200)
            try await eventually("both hold all that was acknowledged", within: .seconds(100)) {
                let counts = (try await node.count, try await bobs.count)
                return counts == (7, 7)
            }
            print("the disk works again; all is at both \(ContinuousClock.now - start) later")
            #expect(await node.logged("the store works again").count == 1)
        }
    }

    /// In a mount namespace of its own whose data folder is small; a file in it takes all the room that is left.
    private static let fullDisk = """
        mount -t tmpfs -o size=8m,mode=700 tmpfs "$RHIZOME_HOME/data"
        (
            until [ -e "$1-on" ]; do sleep 0.05; done
            cat /dev/zero >"$RHIZOME_HOME/data/filler" 2>/dev/null || true
            touch "$1-is-on"
            until [ -e "$1-off" ]; do sleep 0.05; done
            rm "$RHIZOME_HOME/data/filler"
            touch "$1-is-off"
            until [ -e "$1-save" ]; do sleep 0.05; done
            cp "$RHIZOME_HOME"/data/store.* "$RHIZOME_HOME"/data/trust.seen "$1-saved/"
            touch "$1-is-saved"
        ) >/dev/null 2>&1 &
        exec "$2" run --json
        """

    @Test("a node whose disk is full says so, serves what it has, loses nothing, and goes on when there is room")
    func full() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let unshare = BuiltCommand("unshare", in: "/usr/bin")
                guard let flag = try await Self.namespaceFlag(unshare) else {
                    print("skipped: no mount namespace of its own (unshare -m)")
                    return
                }
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (homes[0], homes[1])
                try FileManager.default.createDirectory(
                    atPath: alice.path + "/data",
                    withIntermediateDirectories: false,
                    attributes: [.posixPermissions: 0o700]
                )
                let signal = folder.path("disk")
                try FileManager.default.createDirectory(atPath: signal + "-saved", withIntermediateDirectories: false)
                @Sendable func ask(_ word: String, answered answer: String) async throws {
                    _ = FileManager.default.createFile(atPath: "\(signal)-\(word)", contents: nil)
                    try await eventually(answer) { FileManager.default.fileExists(atPath: "\(signal)-\(answer)") }
                }
                _ = try await unshare.withRunning(
                    [flag, "sh", "-euc", Self.fullDisk, "sh", signal, alice.node.path],
                    environment: alice.settings
                ) { command in
                    let node = try await RunningNode(command)
                    try await Self.check(alice, bob, node) { isOn in
                        try await ask(isOn ? "on" : "off", answered: isOn ? "is-on" : "is-off")
                    }
                    command.signal(SIGTERM)
                    try await eventually("the node has ended") { await !node.logged("closed").isEmpty }
                    try await ask("save", answered: "is-saved")
                    try await command.end()
                }
                // The folder went with the namespace.
                try FileManager.default.removeItem(atPath: alice.path + "/data")
                try FileManager.default.moveItem(atPath: signal + "-saved", toPath: alice.path + "/data")
                try FileManager.default.setAttributes(
                    [.posixPermissions: 0o700],
                    ofItemAtPath: alice.path + "/data"
                )
                let audit = try await alice.audit()
                #expect(audit.exitCode == 0, "\(audit.text)")
            }
        }
    }

    private static func namespaceFlag(_ unshare: BuiltCommand) async throws -> String? {
        for flag in ["-m", "-rm"] {
            let script = "mount -t tmpfs tmpfs /mnt"
            if try await unshare.run([flag, "sh", "-euc", script]).exitCode == 0 { return flag }
        }
        return nil
    }

    /// Stands between the node and the C library: while a file exists, what writes to the store fails as on a file
    /// system that the kernel has made read-only, which it does under a running program after errors of the disk alone.
    private static let readOnlyDisk = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <unistd.h>

        static int fails(int fd) {
            char link[64], path[4096];
            const char *on = getenv("DISK_IS_READ_ONLY");
            int before = errno;
            snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
            ssize_t count = readlink(link, path, sizeof path - 1);
            int result = 0;
            if (on && count > 0) {
                path[count] = 0;
                result = strstr(path, "/data/store.") && access(on, F_OK) == 0;
            }
            errno = result ? EROFS : before;
            return result;
        }

        #define REAL(name, ...) \\
            static __typeof__(&name) real; \\
            if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \\
            return fails(fd) ? -1 : real(__VA_ARGS__)

        ssize_t write(int fd, const void *data, size_t count) { REAL(write, fd, data, count); }
        ssize_t pwrite(int fd, const void *data, size_t count, off_t at) { REAL(pwrite, fd, data, count, at); }
        ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) { REAL(pwrite64, fd, data, count, at); }
        int ftruncate(int fd, off_t size) { REAL(ftruncate, fd, size); }
        int ftruncate64(int fd, off64_t size) { REAL(ftruncate64, fd, size); }
        int fsync(int fd) { REAL(fsync, fd); }
        int fdatasync(int fd) { REAL(fdatasync, fd); }
        """

    @Test("a node whose store becomes read-only says so, serves what it has, loses nothing, and goes on afterwards")
    func readOnly() async throws {
        try await AsyncGate.processes.pass {
            try await withTemporaryFolder { folder in
                let shim = try await folder.compileShim(Self.readOnlyDisk)
                let homes = try await NodeHome.makeFriends("alice", "bob", in: folder)
                let (alice, bob) = (homes[0], homes[1])
                let isOn = folder.path("read-only")
                try await alice.running(["LD_PRELOAD": shim, "DISK_IS_READ_ONLY": isOn]) { node in
                    try await Self.check(alice, bob, node) { on in
                        if on {
                            _ = FileManager.default.createFile(atPath: isOn, contents: nil)
                        } else {
                            try FileManager.default.removeItem(atPath: isOn)
                        }
                    }
                }
                let audit = try await alice.audit()
                #expect(audit.exitCode == 0, "\(audit.text)")
            }
        }
    }
}
