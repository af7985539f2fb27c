import type { Namespace } from '../../kubernetes/namespace.ts';

/** A namespace that asks for an agent. */
export const SAMPLE_NAMESPACE: Namespace = {
  name: 'shop',
  labels: { 'agent-injector.io/injection': 'enabled' },
  annotations: {
    'agent-injector.io/profile': 'opentelemetry-java',
    'agent-injector.io/otlp-endpoint': 'http://collector.observability:4318',
  },
};

export const SAMPLE_MANIFEST = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: web
          image: registry.example.com/shop/web:1.4.2
          env:
            - name: JAVA_TOOL_OPTIONS
              value: -Xmx512m
`;
