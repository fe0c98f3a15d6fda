package wordcount;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.storm.Constants;
import org.apache.storm.spout.SpoutOutputCollector;
import org.apache.storm.task.OutputCollector;
import org.apache.storm.tuple.Tuple;

/** What Storm hands to components, recorded. By hand, since its interfaces differ between 1.2 and 2.x. */
final class Fakes {
    private Fakes() {
    }

    static Tuple tuple(String component, String stream, Object value) {
        return (Tuple) Proxy.newProxyInstance(Fakes.class.getClassLoader(), new Class<?>[] {Tuple.class},
                (proxy, method, args) -> {
                    switch (method.getName()) {
                        case "getSourceComponent": return component;
                        case "getSourceStreamId": return stream;
                        case "getString": return value;
                        case "equals": return proxy == args[0];
                        case "hashCode": return System.identityHashCode(proxy);
                        case "toString": return component + ":" + value;
                        default: throw new UnsupportedOperationException(method.getName());
                    }
                });
    }

    static Tuple tuple(Object value) {
        return tuple("test", "default", value);
    }

    static Tuple tick() {
        return tuple(Constants.SYSTEM_COMPONENT_ID, Constants.SYSTEM_TICK_STREAM_ID, 5);
    }

    static final class Spout extends SpoutOutputCollector {
        final List<Object> ids = new ArrayList<>();
        final List<Object> sentences = new ArrayList<>();

        Spout() {
            super(null);
        }

        @Override
        public List<Integer> emit(List<Object> tuple, Object id) {
            ids.add(id);
            sentences.add(tuple.get(0));
            return null;
        }
    }

    static final class Bolt extends OutputCollector {
        final List<Object> values = new ArrayList<>();
        final List<Tuple> anchors = new ArrayList<>();
        final List<Tuple> acked = new ArrayList<>();

        Bolt() {
            super(null);
        }

        @Override
        public List<Integer> emit(String stream, Collection<Tuple> anchors, List<Object> tuple) {
            values.add(tuple.get(0));
            this.anchors.addAll(anchors);
            return null;
        }

        @Override
        public void ack(Tuple tuple) {
            acked.add(tuple);
        }
    }
}
