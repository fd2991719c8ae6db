/// The version of all that this package builds, commands and libraries alike.
public enum SoftwareVersion {
    /// By Semantic Versioning.
    public static let current = "0.1.0"
}
