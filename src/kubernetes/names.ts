// RFC 1123 label (apimachinery pkg/util/validation IsDNS1123Label)
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

// RFC 1123 subdomain (apimachinery pkg/util/validation IsDNS1123Subdomain)
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Names of namespaces, containers and volumes. Such a name is safe in a URL path: it has no slash and is not `..`. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** Names of most objects. Such a name is safe in a URL path and a file path: it has no slash and is not `..`. */
export function isObjectName(text: string): boolean {
  return DNS_SUBDOMAIN.test(text);
}
