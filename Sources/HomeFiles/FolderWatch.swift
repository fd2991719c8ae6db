internal import Dispatch
internal import Glibc

/// Tells that something happens to files of a folder, whoever does it (inotify(7)).
///
/// A hint, as early as it gets: on some file systems the system sees only what this machine does. While nothing happens
/// it costs nothing.
package final class FolderWatch: Sendable {
    // A file that was written, made, taken away, or put in the place of another one.
    private static let events = IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO
    private static let bufferBytes = 4_096

    // Safe: it is made, activated and cancelled once each, and its own queue runs what it calls.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// Watches a folder until it is let go.
    ///
    /// - Parameter onChange: called on a queue of its own, once for all that has happened since; what was changed before
    ///   the watch began isn't told of.
    /// - Returns: `nil` where the system has no watch to give: it has so many for each user (`max_user_watches`,
    ///   `max_user_instances`), and it takes a `/proc`.
    package init?(_ folder: HomeFolder, onChange: @escaping @Sendable () -> Void) {
        let descriptor = inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC))
        guard descriptor >= 0 else { return nil }
        // By the folder's own descriptor, so that it is that one wherever it was moved.
        guard unsafe inotify_add_watch(descriptor, "/proc/self/fd/\(folder.descriptor)", UInt32(Self.events)) >= 0
        else {
            close(descriptor)
            return nil
        }
        let source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor,
            queue: DispatchQueue(label: "rhizome.folder", qos: .utility)
        )
        unsafe self.source = source
        source.setEventHandler {
            // Which file it was isn't looked at: whoever is told looks at what concerns it.
            var buffer = [UInt8](repeating: 0, count: Self.bufferBytes)
            while unsafe read(descriptor, &buffer, buffer.count) > 0 {}
            onChange()
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
    }

    deinit { unsafe source.cancel() }
}
