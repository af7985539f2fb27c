/** A DNS label (RFC 1123), as names of namespaces, containers and volumes are (apimachinery pkg/util/validation IsDNS1123Label). */
const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** A DNS subdomain (RFC 1123), as names of most objects are (apimachinery pkg/util/validation IsDNS1123Subdomain). */
const DNS_SUBDOMAIN = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** The name can stand in a URL path as it is: no slash, and `..` is not a label. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** The name can stand in a URL path or a file path as it is: no slash, and `..` is not a subdomain. */
export function isObjectName(text: string): boolean {
  return DNS_SUBDOMAIN.test(text);
}
