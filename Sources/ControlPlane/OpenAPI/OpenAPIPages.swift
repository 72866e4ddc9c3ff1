import Hummingbird
import KubeAPI

enum OpenAPIPages {
    static func response(to request: APIRequest) throws(APIError) -> Response { throw .noSuchPath }
}
