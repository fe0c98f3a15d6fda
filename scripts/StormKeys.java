import java.io.File;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Prints settings/stormKeys.json, from Storm's own classes: `java scripts/StormKeys.java DIRECTORY...`, with a directory of jars for
 * each version, the oldest first: of a key that several have, the newest one's kind counts. That is as wide as those before, for
 * 1.2.4 (Maven Central's `storm-core`) and 2.8.3 (/apache-storm/lib of the image `storm:2.8.3`), which the table is made from.
 */
class StormKeys {
    /** Kinds that Storm has a class for each of. */
    static final Map<String, String> CUSTOM = Map.of(
        "KryoRegValidator", "list of registration",
        "PacemakerAuthTypeValidator", "required, one of NONE DIGEST KERBEROS",
        "MapOfStringToMapOfStringToObjectValidator", "required, map of map",
        "MetricReportersValidator", "map with class",
        "ClusterMetricRegistryValidator", "map with class",
        "EventLoggerRegistryValidator", "map with class",
        "MetricRegistryValidator", "map with class parallelism.hint",
        "UserResourcePoolEntryValidator", "map with cpu memory",
        "ImpersonationAclUserEntryValidator", "map with groups hosts",
        "NumaEntryValidator", "map with numa.cores numa.memory.mb numa.ports");

    public static void main(String[] directories) throws Exception {
        Map<String, String> kinds = new TreeMap<>();
        for (String directory : directories) {
            kinds.putAll(kindsIn(directory));
        }
        System.out.println(kinds.entrySet().stream().map(each -> "    \"" + each.getKey() + "\": \"" + each.getValue() + "\"")
            .collect(Collectors.joining(",\n", "{\n", "\n}")));
    }

    static Map<String, String> kindsIn(String directory) throws Exception {
        Map<String, String> kinds = new TreeMap<>();
        List<URL> jars = new ArrayList<>();
        for (File jar : new File(directory).listFiles((parent, name) -> name.endsWith(".jar"))) {
            jars.add(jar.toURI().toURL());
        }
        ClassLoader storm = new URLClassLoader(jars.toArray(URL[]::new));
        for (String name : new String[] {"org.apache.storm.Config", "org.apache.storm.DaemonConfig"}) {
            if (storm.getResource(name.replace('.', '/') + ".class") == null) {
                continue; // 1.x has one class for all.
            }
            for (Field field : Class.forName(name, true, storm).getDeclaredFields()) {
                boolean isKey = field.getType() == String.class && field.canAccess(null)
                    && Arrays.stream(field.getAnnotations()).noneMatch(each -> nameOf(each.annotationType()).equals("NotConf"));
                if (isKey) {
                    kinds.putIfAbsent((String) field.get(null), kindOf(field));
                }
            }
        }
        try (InputStream defaults = storm.getResourceAsStream("defaults.yaml")) {
            String text = new String(defaults.readAllBytes(), StandardCharsets.UTF_8);
            Pattern.compile("^([a-z][^:\\s]*):", Pattern.MULTILINE).matcher(text).results()
                .forEach(match -> kinds.putIfAbsent(match.group(1), "anything"));
        }
        return kinds;
    }

    /** What all of the field's annotations demand: whether it is required, then the type, then which values of that. */
    static String kindOf(Field field) {
        List<String> ranges = List.of("0 or more", "above 0", "power of 2", "no duplicates");
        List<String> demands = Arrays.stream(field.getAnnotations()).map(StormKeys::demand).filter(each -> !each.isEmpty()).distinct()
            .sorted(Comparator.comparing(each -> each.equals("required") ? -1 : ranges.indexOf(each) + 1)).collect(Collectors.toList());
        boolean hasType = demands.stream().anyMatch(each -> !each.equals("required") && !ranges.contains(each));
        Stream<String> type = hasType ? Stream.empty() : Stream.of(demands.isEmpty() ? "anything" : "number");
        return Stream.concat(type, demands.stream()).sorted(Comparator.comparing(each -> each.equals("required") ? 0 : 1))
            .collect(Collectors.joining(", "));
    }

    static String demand(Annotation annotation) {
        switch (nameOf(annotation.annotationType()).toLowerCase()) {
            case "isstring": {
                String values = String.join(" ", (String[]) valueOf(annotation, "acceptedValues"));
                return values.isEmpty() ? "text" : "required, one of " + values;
            }
            case "isimplementationofclass": return "text";
            case "isinteger": return "integer";
            case "islong": return "long";
            case "isnumber": return "number";
            case "ispositivenumber": return (boolean) valueOf(annotation, "includeZero") ? "0 or more" : "above 0";
            case "ispowerof2": return "power of 2";
            case "isboolean": return "boolean";
            case "notnull": case "password": return "required";
            case "isnoduplicateinlist": return "no duplicates";
            case "isstringlist": case "islistentrytype": return "list of " + simple((Class<?>) valueOf(annotation, "type"));
            case "isstringorstringlist": return "text or list of text";
            case "ismapentrytype": return "map of " + simple((Class<?>) valueOf(annotation, "valueType"));
            case "istype": return simple((Class<?>) valueOf(annotation, "type"));
            case "islistentrycustom": return "list of " + entries(annotation, "entryValidatorClasses");
            case "ismapentrycustom": return "map of " + entries(annotation, "valueValidatorClasses");
            case "isexactlyoneof": return "list of list of text or map of map";
            case "iskryoreg": case "customvalidator": return CUSTOM.get(nameOf((Class<?>) valueOf(annotation, "validatorClass")));
            case "deprecated": return "";
            default: throw new IllegalArgumentException("not known: " + annotation);
        }
    }

    static String entries(Annotation annotation, String member) {
        String names = Arrays.stream((Class<?>[]) valueOf(annotation, member)).map(StormKeys::nameOf).collect(Collectors.joining(" "));
        return names.equals("IntegerValidator PositiveNumberValidator") ? "port" : CUSTOM.get(names);
    }

    static String simple(Class<?> type) {
        return Map.of("String", "text", "Number", "number", "Map", "map").get(nameOf(type));
    }

    static String nameOf(Class<?> type) {
        return type.getSimpleName();
    }

    static Object valueOf(Annotation annotation, String member) {
        try {
            return annotation.annotationType().getMethod(member).invoke(annotation);
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException(error);
        }
    }
}
