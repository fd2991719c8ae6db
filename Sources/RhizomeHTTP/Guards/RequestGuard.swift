internal import Bytes
internal import HTTPTypes
internal import HomeFiles
internal import NIOHTTP1
internal import RhizomeIdentity
internal import StrictJSON

/// What is checked of every request before anything else: that no web page from elsewhere is behind it, and that it may
/// ask (spec: http.md, last paragraph).
struct RequestGuard: Sendable {
    let hosts: AllowedHosts
    let tokenPolicy: HTTPAPI.Configuration.TokenPolicy
    /// The token; without one, whoever needs it is refused.
    let token: HTTPToken?

    /// Lets a request pass or refuses it.
    ///
    /// - Throws: 400 without exactly one Host, 403 for a foreign Host or Origin and for what a browser says that another
    ///   site is behind, 401 without the token.
    func check(_ headers: HTTPHeaders, from peer: ConnectionPeer) throws(APIError) {
        let names = headers["Host"]
        guard names.count == 1 else { throw .badInput("a request has exactly one Host", field: "Host") }
        guard hosts.allows(host: names[0]) else {
            throw .forbidden(
                "this Host is not one of ours: localhost, 127.0.0.1, [::1] and the bind address, with our port, "
                    + "and those in RHIZOME_HTTP_API_HOSTS"
            )
        }
        // One is all that a browser sends. None is sent by programs, and by browsers for what can change nothing here.
        let origins = headers["Origin"]
        for origin in origins {
            guard hosts.allows(origin: origin) else {
                throw .forbidden("this Origin is not ours; RHIZOME_HTTP_API_HOSTS names the hosts of a proxy")
            }
        }
        // What a page embeds, a link and a form come without an Origin; browsers tell of them what no page can change
        // (Fetch Metadata Request Headers, section 2.3).
        if origins.isEmpty, headers["Sec-Fetch-Site"].contains(where: { $0 != "same-origin" && $0 != "none" }) {
            throw .forbidden("a page of another site is behind this request (Sec-Fetch-Site)")
        }
        guard tokenPolicy.needsToken(peer) else { return }
        let values = headers["Authorization"]
        guard values.count == 1, token?.matches(authorization: values[0]) == true else {
            throw APIError(
                status: .unauthorized,
                error: "token",
                details: [
                    "message": """
                    this request needs Authorization: Bearer with the content of http.token, which lies in the \
                    node's home folder (RHIZOME_HOME, else ~/.rhizome of its user)
                    """
                ],
                fields: [.wwwAuthenticate: "Bearer realm=\"rhizome\""]
            )
        }
    }
}
